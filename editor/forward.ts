// forward.ts — from the root of the pages to the notebook, as the relay leads people when it is there: with a token behind
// the hash, if there is one.
location.replace(new URL(`notebook/${location.search}${location.hash}`, location.href))
