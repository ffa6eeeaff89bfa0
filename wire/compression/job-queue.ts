/** Works on jobs, a few at a time; those that wait stand in lines by their owners. */
import type { TimerWheel } from '../http2/http2.ts'
import type { CompressionJob } from './compression-job.ts'
import { FairQueue } from './fair-queue.ts'

/** How jobs are worked on. */
export interface JobWork {
  /** Jobs at a time. */
  readonly slots: number
  readonly timers: TimerWheel
  /** How long a job may wait before its timer fires, in milliseconds. */
  readonly maxWaitMs: number
  /** False: the job, and those behind it, wait for the next `pump`. */
  mayStart(job: CompressionJob): boolean
  /** Does the work and settles the job. Never rejects. */
  run(job: CompressionJob): Promise<void>
}

/** A job that may not start yet holds up the others: they would overtake it for ever. */
export class JobQueue {
  readonly #work: JobWork
  readonly #waiting = new FairQueue<CompressionJob>()
  #running = 0

  constructor(work: JobWork) {
    this.#work = work
  }

  /** Puts a job in its line. */
  add(job: CompressionJob): void {
    this.#work.timers.schedule(job.timer, this.#work.maxWaitMs)
    this.#waiting.add(job.owner.line, job)
    this.pump()
  }

  /** Takes a job out that waits. False: it does not wait here. */
  remove(job: CompressionJob): boolean {
    if (!this.#waiting.delete(job.owner.line, job)) return false
    this.#work.timers.cancel(job.timer)
    this.pump()
    return true
  }

  /** Starts what may start. */
  pump(): void {
    while (this.#running < this.#work.slots) {
      const job = this.#waiting.peek()
      if (job === undefined || !this.#work.mayStart(job)) return
      this.#waiting.shift()
      this.#work.timers.cancel(job.timer)
      this.#running++
      void this.#run(job)
    }
  }

  async #run(job: CompressionJob): Promise<void> {
    await this.#work.run(job)
    this.#running--
    this.pump()
  }
}
