/*
 * Starts a TypeScript program on whatever Node the machine has. This file and those that call it are JavaScript that an
 * old Node can read too: one that cannot run TypeScript itself starts the program again under the Node that is pinned in
 * node_modules, hands signals through, and ends as that one ends.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']

/**
 * Runs a TypeScript module as this process' program, in this Node or in the pinned one.
 *
 * @param {URL} main the module to run
 * @returns {Promise<void>} settles once the module is loaded, or the pinned Node is started
 */
export async function launch(main) {
  if (process.features.typescript) {
    // Keeps compiled code, and TypeScript without its types, for the next start.
    nodeModule.enableCompileCache?.()
    await import(main.href).catch(failForMissingPackage)
    return
  }
  const pinnedNode = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  if (!existsSync(pinnedNode)) {
    process.stderr.write(
      `This is Node ${process.versions.node}, and Portico needs Node 22.18 or newer: run "npm ci", which installs one, or install it.\n`,
    )
    process.exit(1)
  }
  runUnder(pinnedNode, fileURLToPath(main))
}

/** Before `npm ci` there are no packages to import. All other errors are the program's own. */
function failForMissingPackage(error) {
  const name = error?.code === 'ERR_MODULE_NOT_FOUND' && /^Cannot find package '([^']+)'/.exec(error.message)?.[1]
  if (!name) throw error
  process.stderr.write(
    `The package ${name}, which Portico needs, is not installed: run "npm ci", which installs all.\n`,
  )
  process.exit(1)
}

function runUnder(node, file) {
  const child = spawn(node, [file, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`${node} does not start: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    for (const forwarded of FORWARDED_SIGNALS) process.removeAllListeners(forwarded)
    process.kill(process.pid, signal)
  })
}
