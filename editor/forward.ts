// forward.ts — from the root of the pages to the notebook, and from the name of a page to its folder, as the relay leads people
// when it is there: with a token behind the hash, if there is one.
const page = /(?:notebook|notes|stock)$/.exec(location.pathname)?.[0] ?? 'notebook'
location.replace(new URL(`${page}/${location.search}${location.hash}`, location.href))
