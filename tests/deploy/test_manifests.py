"""The manifests are valid, and name only what exists: probes, ports, options, images, secrets."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest
from deployment import DEPLOY, Containerfile
from typed_commands import problem

import inkread

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

SERVER = Containerfile.parse(DEPLOY / "Containerfile")
PORT = int(SERVER.last("EXPOSE")[0])
KUBERNETES = DEPLOY / "kubernetes"
NAME = {"app.kubernetes.io/name": "inkread"}


def documents(path):
    return [*yaml.safe_load_all(path.read_text(encoding="utf-8"))]


BASE = {
    each["kind"]: each
    for name in documents(KUBERNETES / "base" / "kustomization.yaml")[0]["resources"]
    for each in documents(KUBERNETES / "base" / name)
}
POD = BASE["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
COMPOSE = documents(DEPLOY / "compose.yaml")[0]
JOB, POLICY = documents(DEPLOY / "ray" / "job.yaml")
CLUSTER = JOB["spec"]["rayClusterSpec"]
RAY_PODS = [CLUSTER["headGroupSpec"]["template"], CLUSTER["workerGroupSpecs"][0]["template"]]


def built(folder):
    """The resources of a kustomization, as kubectl builds them."""
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    command = ["kubectl", "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {each["kind"]: each for each in yaml.safe_load_all(done.stdout)}


def validate(resources):
    schemas = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    for each in resources:
        schemas.validate(each, schemas.latest_version(), strict=True)


def test_everything_is_there():
    assert set(BASE) == {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
    }
    listed = {"kustomization.yaml", *documents(KUBERNETES / "base" / "kustomization.yaml")[0]["resources"]}
    assert {path.name for path in (KUBERNETES / "base").iterdir()} == listed


@pytest.mark.slow
def test_the_manifests_match_the_schemas_of_kubernetes():
    validate(BASE.values())
    validate([POLICY, *({"apiVersion": "v1", "kind": "Pod", "metadata": {}} | pod for pod in RAY_PODS)])


@pytest.mark.slow
def test_a_misspelt_field_is_found():
    with pytest.raises(Exception, match="unexpected"):
        validate([BASE["Service"] | {"spec": BASE["Service"]["spec"] | {"selectr": {}}}])


@pytest.mark.parametrize("name", ["base", "collect"])
def test_kustomize_builds_valid_resources_in_one_namespace(name):
    resources = built(KUBERNETES / name)
    assert set(resources) == set(BASE)
    assert {each["metadata"]["namespace"] for each in resources.values()} == {"inkread"}
    (container,) = resources["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"inkread:{inkread.__version__}"
    validate(resources.values())


def test_a_collecting_server_keeps_its_key_and_reaches_the_database():
    resources = built(KUBERNETES / "collect")
    (container,) = resources["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {each["name"] for each in container["env"]} == {"INKREAD_API_KEY", "PGPASSWORD"}
    assert container["readinessProbe"] == CONTAINER["readinessProbe"]
    ports = [port["port"] for rule in resources["NetworkPolicy"]["spec"]["egress"] for port in rule["ports"]]
    assert sorted(ports) == [53, 53, 5432]


def test_every_resource_selects_the_servers():
    assert BASE["Deployment"]["spec"]["selector"]["matchLabels"] == NAME
    assert BASE["Deployment"]["spec"]["template"]["metadata"]["labels"] == NAME
    assert BASE["Service"]["spec"]["selector"] == NAME
    assert BASE["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == NAME
    assert BASE["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == NAME
    target = BASE["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", BASE["Deployment"]["metadata"]["name"])


def test_every_probe_asks_for_a_path_of_the_application():
    pytest.importorskip("fastapi", reason="needs the server: pip install '.[serve]'")
    from inkread.server.routes import info

    paths = {route.path for route in info.router.routes}
    probes = {
        name: CONTAINER[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert [probe["path"] for probe in probes.values()] == ["/readyz", "/readyz", "/livez"]
    assert {probe["path"] for probe in probes.values()} <= paths
    (asked,) = re.findall(r"http://127.0.0.1:8000(/\w+)", SERVER.health_check[-1])
    assert asked in paths
    assert {probe["port"] for probe in probes.values()} == {CONTAINER["ports"][0]["name"]}


def test_all_ports_agree():
    (service,) = BASE["Service"]["spec"]["ports"]
    (port,) = CONTAINER["ports"]
    ((allowed,),) = (rule["ports"] for rule in BASE["NetworkPolicy"]["spec"]["ingress"])
    assert port["containerPort"] == PORT
    assert service["targetPort"] == allowed["port"] == port["name"]
    assert COMPOSE["services"]["server"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert f":{PORT}/" in SERVER.health_check[-1]


def test_all_image_tags_are_the_version():
    named = [
        COMPOSE["services"]["server"]["image"],
        *(pod["spec"]["containers"][0]["image"] for pod in RAY_PODS),
        *re.findall(r"--tag (\S+)", "".join(path.read_text() for path in DEPLOY.rglob("Containerfile"))),
    ]
    (image,) = documents(KUBERNETES / "base" / "kustomization.yaml")[0]["images"]
    assert {tag for _, _, tag in (name.partition(":") for name in named)} == {inkread.__version__}
    assert (image["name"], image["newTag"]) == (CONTAINER["image"], inkread.__version__)
    assert {name.partition(":")[0] for name in named} == {"inkread", "inkread-ray", "inkread-function"}


def test_the_users_agree_and_are_nobody_special():
    user, group = map(int, SERVER.last("USER")[0].split(":"))
    context = POD["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["runAsNonRoot"]) == (user, group, True)


def test_servers_run_without_rights_they_do_not_need():
    own = CONTAINER["securityContext"]
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert POD["automountServiceAccountToken"] is False
    server = COMPOSE["services"]["server"]
    assert (server["read_only"], server["cap_drop"]) == (True, ["ALL"])
    assert server["security_opt"] == ["no-new-privileges:true"]
    for pod in RAY_PODS:
        (container,) = pod["spec"]["containers"]
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True


def test_every_container_has_limits_of_processors_and_memory():
    for container in (CONTAINER, *(pod["spec"]["containers"][0] for pod in RAY_PODS)):
        assert set(container["resources"]["limits"]) >= {"cpu", "memory"}
    for service in COMPOSE["services"].values():
        assert set(service["deploy"]["resources"]["limits"]) >= {"cpus", "memory"}


def test_a_server_gets_the_time_to_stop_that_it_needs():
    needed = 10
    wait = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["terminationGracePeriodSeconds"] > wait + needed
    assert int(COMPOSE["services"]["server"]["stop_grace_period"].removesuffix("s")) > needed
    assert BASE["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("place", ["compose", "base", "collect"])
def test_the_options_of_each_server_can_be_typed(place):
    (patched,) = documents(KUBERNETES / "collect" / "deployment.yaml")[0]["spec"]["template"]["spec"][
        "containers"
    ]
    options = {
        "compose": COMPOSE["services"]["server"]["command"],
        "base": CONTAINER["args"],
        "collect": patched["args"],
    }[place]
    assert problem(shlex.join([*SERVER.entry_point, *options])) == ""
    limit = {"compose": COMPOSE["services"]["server"]["deploy"]["resources"]["limits"]["cpus"]}
    cores = limit.get(place, CONTAINER["resources"]["limits"]["cpu"])
    assert options[options.index("--workers") + 1] == cores


def test_the_job_of_ray_can_be_typed_and_sends_no_statistics():
    assert problem(JOB["spec"]["entrypoint"]) == ""
    for pod in RAY_PODS:
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in pod["spec"]["containers"][0]["env"]
        assert pod["metadata"]["labels"] == POLICY["spec"]["podSelector"]["matchLabels"]


def test_compose_asks_for_every_secret_and_stores_in_its_own_database():
    server, database = COMPOSE["services"]["server"], COMPOSE["services"]["database"]
    for name in ("INKREAD_API_KEY", "PGPASSWORD"):
        assert ":?" in server["environment"][name]
    (url,) = (word for word in server["command"] if "://" in word)
    user, name = database["environment"]["POSTGRES_USER"], database["environment"]["POSTGRES_DB"]
    assert url == f"postgresql+psycopg://{user}@database/{name}"
    assert set(server["depends_on"]) == {"database"}
    assert COMPOSE["networks"]["store"]["internal"] is True
    assert database["networks"] == ["store"]
