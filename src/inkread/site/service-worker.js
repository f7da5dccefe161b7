/** Keeps all files of the site on the device, so that it works offline. VERSION and FILES are above. */

const OURS = `inkread ${registration.scope} `; // other sites on this host have caches, too
const CACHE = OURS + VERSION;

addEventListener("install", (event) => {
  event.waitUntil(keep());
});

addEventListener("activate", (event) => {
  event.waitUntil(discard());
});

addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && event.request.url.startsWith(registration.scope))
    event.respondWith(answer(event.request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((name) => new Request(name, { cache: "no-cache" })));
  await skipWaiting();
}

/** Removes older versions. */
async function discard() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name)),
  );
  await clients.claim();
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  const { pathname } = new URL(request.url);
  const isPage = request.mode === "navigate" && /\/(index\.html)?$/.test(pathname);
  const kept = await cache.match(isPage ? registration.scope : request, { ignoreSearch: true });
  return kept ?? fetch(request);
}
