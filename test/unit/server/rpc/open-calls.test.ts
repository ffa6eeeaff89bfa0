import { expect, test } from 'vitest'
import { OpenCalls } from '../../../../server/rpc/open-calls.ts'

class Call {
  readonly reasons: unknown[] = []

  abort(reason: unknown): void {
    this.reasons.push(reason)
  }
}

test('a shutdown aborts the calls that are open, once, with its reason', () => {
  const shutdown = new AbortController()
  const calls = new OpenCalls(shutdown.signal)
  const [open, gone, late] = [new Call(), new Call(), new Call()]
  calls.add(open)
  calls.add(gone)
  calls.delete(gone)
  shutdown.abort('over')
  calls.add(late)
  expect(open.reasons).toEqual(['over'])
  expect(gone.reasons).toEqual([])
  expect(late.reasons).toEqual(['over'])
})
