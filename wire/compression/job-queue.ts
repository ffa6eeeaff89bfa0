/** Works on jobs, a few at a time; those that wait stand in lines by their owners. */
import { type TimerWheel, WheelTimer } from '../http2/http2.ts'
import type { CompressionJob } from './compression-job.ts'
import { FairQueue } from './fair-queue.ts'

/** How jobs are worked on. */
export interface JobWork {
  /** Jobs at a time. */
  readonly slots: number
  readonly timers: TimerWheel
  /** How long jobs may wait without any of them being started, in milliseconds. */
  readonly maxWaitMs: number
  /** False: the job, and those behind it, wait for the next `pump`. */
  mayStart(job: CompressionJob): boolean
  /** Does the work and settles the job. Never rejects. */
  run(job: CompressionJob): Promise<void>
  /** The job has waited in vain, and waits no longer. */
  giveUp(job: CompressionJob): void
}

/** A job that may not start yet holds up the others: they would overtake it for ever. */
export class JobQueue {
  readonly #work: JobWork
  readonly #waiting = new FairQueue<CompressionJob>()
  /** Runs while jobs wait, anew from each start. */
  readonly #patience = new WheelTimer(() => this.#giveUp())
  #running = 0

  constructor(work: JobWork) {
    this.#work = work
  }

  /** Puts a job in its line. */
  add(job: CompressionJob): void {
    this.#waiting.add(job.owner.line, job)
    this.pump()
    if (!this.#waiting.isEmpty && !this.#patience.isScheduled) this.#beginWait()
  }

  /** Takes a job out that waits. False: it does not wait here. */
  remove(job: CompressionJob): boolean {
    if (!this.#waiting.delete(job.owner.line, job)) return false
    if (this.#waiting.isEmpty) this.#work.timers.cancel(this.#patience)
    else this.pump()
    return true
  }

  /** Starts what may start. */
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
