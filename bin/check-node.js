/*
 * The first module of every published entrance: an old Node must run it, and must say why nothing else would work. Pages
 * run it too, where there is no Node.
 */
const [major, minor] = globalThis.process?.versions?.node?.split('.').map(Number) ?? [Number.POSITIVE_INFINITY, 0]

if (major < 22 || (major === 22 && minor < 18)) {
  throw new Error(`portico needs Node 22.18 or newer, and this is Node ${process.versions.node}: install a newer one`)
}
