/** The loads of test/load/memory.ts, small: what attacks and calls held is given back. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'

const LOAD = path.resolve(import.meta.dirname, '../load/memory.ts')

test('a server holds nothing after sleepers, resets, closed windows, connections and calls', {
  timeout: 90_000,
}, async () => {
  const child = spawn(process.execPath, [LOAD, '--scale', '0.02'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill()
  })
  const [report, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  expect(report).toContain('memory is bounded')
  expect(report.match(/ {2}after .*held 0, sessions 0, connections 0/g)).toHaveLength(5)
  expect(code).toBe(0)
})
