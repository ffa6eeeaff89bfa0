/** Expects the output of commands and calls while a server may still be starting. */
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 100
const TIMEOUT_MS = 30_000

/** Rejects, with the output, unless it has all parts. */
export async function expectParts(output: Promise<string>, ...parts: readonly string[]): Promise<void> {
  const text = await output
  const missing = parts.filter((part) => !text.includes(part))
  if (missing.length > 0) throw new Error(`missing ${JSON.stringify(missing)} in:\n${text}`)
}

/** Repeats a call, which may fail, until its output contains the part. Rejects with the last outcome after 30 s. */
export async function untilAnswer(call: () => Promise<string>, part: string): Promise<void> {
  const endMs = performance.now() + TIMEOUT_MS
  for (;;) {
    const outcome = await call().catch(String)
    if (outcome.includes(part)) return
    if (performance.now() > endMs) throw new Error(`no ${part} within ${TIMEOUT_MS} ms; the last outcome:\n${outcome}`)
    await sleep(POLL_MS)
  }
}
