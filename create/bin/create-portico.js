#!/usr/bin/env node
/* An old Node can parse this file, so that it can say that it is too old. */
const OLDEST = [22, 18]

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
  import('../dist/main.js')
} else {
  process.stderr.write(`create-portico needs Node ${OLDEST.join('.')} or newer, and this is ${process.versions.node}\n`)
  process.exitCode = 1
}
