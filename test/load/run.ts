/** Runs all loads, one after the other: `node test/load/run.ts`. Ends with 1 where one of them failed or took too long. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** Each exits, or is killed. */
const LOADS: readonly string[] = [
  ...['heavy.ts', 'memory.ts', 'callers.ts'],
  ...['../fleet/run.ts', '../fleet/restarts.ts', '../fleet/registry.ts'],
]
const LIMIT_MS = 300_000

let failures = 0
for (const file of LOADS) {
  process.stdout.write(`\n${file}\n`)
  const child = spawn(process.execPath, [path.join(import.meta.dirname, file)], {
    stdio: 'inherit',
    timeout: LIMIT_MS,
  })
  const [code, signal] = await once(child, 'exit')
  if (code === 0) continue
  failures++
  process.stdout.write(`${file} failed: ${signal === null ? `exit code ${code}` : 'it took too long'}\n`)
}
process.exitCode = failures === 0 ? 0 : 1
