/** Tabs (WAI-ARIA) that follow the URL's hash: #draw, #upload … */

/**
 * @param {HTMLElement} list contains links with role="tab".
 * @param {(name: string, before: ?string) => void} changed
 */
export function startTabs(list, changed) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const nameOf = (tab) => tab.hash.slice(1);
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  let current = null;

  const show = () => {
    const tab = tabs.find((each) => each.hash === location.hash) ?? tabs[0];
    const before = current;
    if (nameOf(tab) === before) return;
    current = nameOf(tab);
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      panelOf(each).hidden = each !== tab;
    }
    document.title = current === "draw" ? "inkread" : `${tab.textContent.trim()} · inkread`;
    if (before !== null) scrollTo(0, 0);
    changed(current, before);
  };

  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (event.key === " ") location.hash = event.target.hash;
    else if (to !== undefined) {
      const tab = tabs[(to + tabs.length) % tabs.length];
      location.hash = tab.hash;
      tab.focus();
    } else return;
    event.preventDefault();
  });
  addEventListener("hashchange", show);
  show();
}
