/** An observer that records what it receives, for tests of observation. */
import { expect } from 'vitest'
import type { CallEnd, CallObserver, CallStart } from '../../wire/call-observer.ts'

/** One call, as observers see it. */
export interface RecordedCall {
  readonly start: CallStart
  /** Set once the call is over. */
  readonly ends: CallEnd[]
}

/** Calls in order of their start. */
export class CallRecorder implements CallObserver {
  readonly calls: RecordedCall[] = []

  onStart(start: CallStart) {
    const ends: CallEnd[] = []
    this.calls.push({ start, ends })
    return { onEnd: (end: CallEnd) => void ends.push(end) }
  }

  /** Waits until this many calls are over. Fails if there are more, or if one ended twice. */
  async ended(count: number): Promise<readonly (CallStart & CallEnd)[]> {
    await expect.poll(() => this.calls.filter(({ ends }) => ends.length > 0).length).toBe(count)
    expect(this.calls.map(({ ends }) => ends.length)).toEqual(Array.from({ length: count }, () => 1))
    return this.calls.map(({ start, ends: [end] }) => {
      const { side, protocol, path, method, httpMethod, httpVersion, header, target, startedAtMs } = start
      const facts = { side, protocol, path, method, httpMethod, httpVersion, header, target, startedAtMs }
      return { ...facts, ...(end as CallEnd) }
    })
  }
}
