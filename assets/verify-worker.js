// Lets the pages that check codes work without a network. The server puts FILES before this script: the pages, their
// scripts and styles, the public keys and the status list. Everything else goes to the network.
const STORE = 'verify';
const isKept = (url) => FILES.includes(url.pathname);

self.addEventListener('install', (event) => {
  self.skipWaiting();
  // There may be no status list yet.
  const keep = (store) => Promise.all(FILES.map((url) => store.add(new Request(url, { cache: 'reload' })).catch(() => {})));
  event.waitUntil(caches.open(STORE).then(keep));
});
self.addEventListener('activate', (event) => {
  const drop = async () => {
    const store = await caches.open(STORE);
    const old = (await store.keys()).filter(({ url }) => !isKept(new URL(url)));
    await Promise.all(old.map((request) => store.delete(request)));
    await self.clients.claim();
  };
  event.waitUntil(drop());
});

// The network first, so that keys and list are new; what was kept, if there is no network or it takes too long.
const late = () => new Promise((_, reject) => { setTimeout(() => reject(Error('late')), 5000); });
const answer = async (request) => {
  const store = await caches.open(STORE);
  try {
    const fresh = await Promise.race([fetch(request), late()]);
    if (fresh.ok) await store.put(request.url.split('#')[0], fresh.clone());
    return fresh;
  } catch (error) {
    const kept = await store.match(request.url.split('#')[0], { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
};
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === 'GET' && url.origin === location.origin && isKept(url)) event.respondWith(answer(event.request));
});
