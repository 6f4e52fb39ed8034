// address.ts — which note the address names, behind its hash. Must not know: elements, the workspace.

/** A link that a relay printed brings a token there: see ../stock/token.ts. */
const tokenMark = '#token='

export function noteInAddress(): string {
  // Where the browser keeps nothing the token stays in the address, and is no note's name.
  if (location.hash.startsWith(tokenMark)) return 'notes'
  try {
    return decodeURIComponent(location.hash.slice(1)) || 'notes'
  } catch {
    // What somebody typed may be no well-formed code: then it is the name as it stands.
    return location.hash.slice(1)
  }
}
