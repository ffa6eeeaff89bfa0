/** Tells whether this process is overloaded, from how busy its event loop and its processors were just now. */
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'

/** Times since the start of the process, in milliseconds. */
export interface ProcessTimes {
  /** The event loop ran code. */
  readonly activeMs: number
  /** The event loop waited for events. */
  readonly idleMs: number
  /** All threads of the process used processors, those of garbage collection and of worker threads included. */
  readonly cpuMs: number
}

/** The options of {@link LoadWatch}. */
export interface LoadWatchOptions {
  /** The share of time, from 0 to 1, in which the event loop is busy. */
  readonly maxLoopUtilization: number
  /** The share, from 0 to 1, of the processors that the process may use. */
  readonly maxCpu: number
  readonly readTimes: () => ProcessTimes
}

interface Sample extends ProcessTimes {
  readonly atMs: number
}

/**
 * How far back the measurement reaches. The baseline moves along with it: compared with the start of the process, an overload after a
 * quiet night would not show for hours.
 */
const WINDOW_MS = 300

/** The processors that this process may use, also by the quota of its container. */
const PROCESSORS = availableParallelism()

/**
 * A timer cannot measure a loop that is blocked, so the caller takes samples when calls come. The times of the loop include the turn
 * that is running, also if it is far from its end.
 */
export class LoadWatch {
  readonly #options: LoadWatchOptions
  /** The first is the baseline: the last one that is at least `WINDOW_MS` old, if there is one. */
  #samples: Sample[] = []

  constructor(options: LoadWatchOptions) {
    this.#options = options
  }

  /** Takes a sample, and returns whether the process was overloaded since the baseline. */
  isOverloaded(nowMs: number): boolean {
    const now = { ...this.#options.readTimes(), atMs: nowMs }
    this.#samples.push(now)
    while (nowMs - (this.#samples[1]?.atMs ?? nowMs) >= WINDOW_MS) this.#samples.shift()
    const [from = now] = this.#samples
    const wallMs = nowMs - from.atMs
    if (wallMs < WINDOW_MS) return false
    const activeMs = now.activeMs - from.activeMs
    const loopMs = activeMs + now.idleMs - from.idleMs
    const cpuMs = now.cpuMs - from.cpuMs
    const { maxLoopUtilization, maxCpu } = this.#options
    return activeMs >= maxLoopUtilization * Math.max(loopMs, 1) || cpuMs >= maxCpu * PROCESSORS * wallMs
  }
}

/** Reads the times of this process. */
export function readProcessTimes(): ProcessTimes {
  const { active, idle } = performance.eventLoopUtilization()
  const { user, system } = process.cpuUsage()
  return { activeMs: active, idleMs: idle, cpuMs: (user + system) / 1_000 }
}
