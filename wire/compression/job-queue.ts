/** Runs compression jobs, a few at a time; the rest wait in one line per connection. */
import { type TimerWheel, WheelTimer } from '../http2/http2.ts'
import type { CompressionJob } from './compression-job.ts'
import { FairQueue } from './fair-queue.ts'

/** How a queue runs its jobs. */
export interface JobWork {
  /** Maximum of jobs that run at a time. */
  readonly slots: number
  readonly timers: TimerWheel
  /** How long jobs may wait while none starts, in milliseconds. */
  readonly maxWaitMs: number
  /** Returns false if the job, and those behind it, must wait for the next `pump`. */
  mayStart(job: CompressionJob): boolean
  /** Runs the job and settles it. Never rejects. */
  run(job: CompressionJob): Promise<void>
  /** Refuses a job that has waited too long. It is no longer in the queue. */
  giveUp(job: CompressionJob): void
}

/** A job that may not start yet blocks those behind it, which could otherwise overtake it forever. */
export class JobQueue {
  readonly #work: JobWork
  readonly #waiting = new FairQueue<CompressionJob>()
  /** Runs while jobs wait; restarted whenever a job starts. */
  readonly #patience = new WheelTimer(() => this.#giveUp())
  #running = 0

  constructor(work: JobWork) {
    this.#work = work
  }

  /** Adds a job to its line. */
  add(job: CompressionJob): void {
    this.#waiting.add(job.owner.line, job)
    this.pump()
    if (!this.#waiting.isEmpty && !this.#patience.isScheduled) this.#beginWait()
  }

  /** Removes a waiting job. False if it is not waiting here. */
  remove(job: CompressionJob): boolean {
    if (!this.#waiting.delete(job.owner.line, job)) return false
    if (this.#waiting.isEmpty) this.#work.timers.cancel(this.#patience)
    else this.pump()
    return true
  }

  /** Starts the jobs that may start. */
  pump(): void {
    while (this.#running < this.#work.slots) {
      const job = this.#waiting.peek()
      if (job === undefined || !this.#work.mayStart(job)) return
      this.#waiting.shift()
      this.#beginWait()
      this.#running++
      void this.#run(job)
    }
  }

  #beginWait(): void {
    const { timers, maxWaitMs } = this.#work
    timers.cancel(this.#patience)
    if (!this.#waiting.isEmpty) timers.schedule(this.#patience, maxWaitMs)
  }

  #giveUp(): void {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) this.#work.giveUp(job)
  }

  async #run(job: CompressionJob): Promise<void> {
    await this.#work.run(job)
    this.#running--
    this.pump()
  }
}
