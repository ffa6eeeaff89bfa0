/** An observer that keeps what it hears, for tests of what is reported. */
import { expect } from 'vitest'
import type { CallEnd, CallObserver, CallStart } from '../../wire/call-observer.ts'

/** One call, as observers see it. */
export interface RecordedCall {
  readonly start: CallStart
  /** A call has one, once it is over. */
  readonly ends: CallEnd[]
}

/** Its calls are in the order of their starts. */
export class CallRecorder implements CallObserver {
  readonly calls: RecordedCall[] = []

  onStart(start: CallStart) {
    const ends: CallEnd[] = []
    this.calls.push({ start, ends })
    return { onEnd: (end: CallEnd) => void ends.push(end) }
  }

  /** Waits until so many calls are over; fails where there are more, or one that ended twice. */
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
