/** The workers of a primary: starts them, replaces those that end, drains and reloads all. */
import type { FastifyBaseLogger } from 'fastify'
import { type Clock, type ScheduledTimer, systemClock } from '../../wire/http2/http2.ts'
import type { ForkedWorker } from './forked-worker.ts'
import type { LinkEnd } from './link/link-end.ts'
import type { PrimaryEnd } from './link/primary-end.ts'
import { type FailedStart, type Serving, TO_PRIMARY, TO_WORKER } from './process-messages.ts'

/** What a set works with. */
export interface WorkerSetParts {
  readonly count: number
  readonly links: PrimaryEnd
  readonly log: FastifyBaseLogger
  /** Starts a process. With `port`, the process listens there instead of on a free port. May throw. */
  fork(port: number | undefined): ForkedWorker
  /** No worker serves, and replacements end again and again before they do. */
  onHopeless(): void
  readonly clock?: Clock
}

/** A worker cannot start, with the text for standard error and the exit code. */
export class WorkerStartError extends Error {
  readonly code: number

  constructor({ text, code }: FailedStart) {
    super(text)
    this.code = code
  }
}

/** After this many replacements in a row have failed to start, the primary ends, unless other workers still serve. */
const MAX_FAILED_STARTS = 5
const FIRST_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 5_000

/** A worker that ends sooner after its start is not replaced at once: it may crash at its first call, again and again. */
const STABLE_MS = 5_000

/** How much longer than its calls a worker may take to end. */
const END_MARGIN_MS = 2_000

/** How long a reload may take: files may be on slow disks. */
const RELOAD_MS = 30_000

interface Member {
  readonly process: ForkedWorker
  readonly link: LinkEnd
  readonly startedAtMs: number
  state: 'starting' | 'misplaced' | 'serving' | 'leaving'
  failure: FailedStart | undefined
  readonly ended: PromiseWithResolvers<number | null>
}

/** Keeps a number of workers running. */
export class WorkerSet {
  readonly #parts: WorkerSetParts
  readonly #clock: Clock
  readonly #members = new Map<number, Member>()
  readonly #backoffs = new Set<ScheduledTimer>()
  /** The port that the workers share, once the first one listens. */
  #port: number | undefined
  /** A free port stays open while a worker listens. After there was none, new ones must ask for it by its number. */
  #isPortFixed = false
  #state: 'starting' | 'running' | 'ending' = 'starting'
  #failedStarts = 0
  /** What the first worker to serve reports. */
  readonly #first = Promise.withResolvers<Serving>()
  /** As many serve as should. */
  readonly #complete = Promise.withResolvers<void>()

  constructor(parts: WorkerSetParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
    parts.links.onMessage(TO_PRIMARY.serving, (serving, { id }) => this.#onServing(id, serving as Serving))
    parts.links.onMessage(TO_PRIMARY.leaving, (_nothing, { id }) => this.#onLeaving(id))
    parts.links.onRequest(TO_PRIMARY.failed, (failure, { id }) => this.#onFailed(id, failure as FailedStart))
    // A failed start rejects both, and start() waits for one at a time.
    for (const { promise } of [this.#first, this.#complete]) promise.catch(() => {})
  }

  /**
   * Starts the first worker, and the others once it serves: what keeps a server from starting is met and reported once.
   *
   * @returns what the first worker reports, once all serve
   * @throws WorkerStartError if a worker cannot start
   */
  async start(): Promise<Serving> {
    this.#fork()
    const serving = await this.#first.promise
    for (let others = this.#parts.count - 1; others > 0; others -= 1) this.#fork()
    await this.#complete.promise
    if (this.#state === 'starting') this.#state = 'running'
    return serving
  }

  /**
   * Drains all workers at the same time. Those that have not ended `timeoutMs` later are killed.
   *
   * @returns whether all calls ended by themselves
   */
  async drain(delayMs: number, timeoutMs: number): Promise<boolean> {
    this.#state = 'ending'
    for (const backoff of this.#backoffs) backoff.cancel()
    const members = [...this.#members.values()]
    for (const { link } of members) link.sendAlways(TO_WORKER.drain, { delayMs })
    const timer = this.#clock.schedule(() => this.kill(), timeoutMs + END_MARGIN_MS)
    const codes = await Promise.all(members.map(({ ended }) => ended.promise))
    timer.cancel()
    // A worker that has not begun to serve has no calls to lose, whatever ends it.
    return codes.every((code, at) => code === 0 || members[at]?.state === 'starting')
  }

  /** Reloads all workers. Returns whether everything was valid. */
  async reload(): Promise<boolean> {
    const options = { timeoutMs: RELOAD_MS }
    const requests = this.#parts.links.workers().map((worker) => worker.request(TO_WORKER.reload, null, options))
    const outcomes = await Promise.allSettled(requests)
    for (const { reason } of outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]) {
      this.#parts.log.error({ err: reason }, 'a worker was not reloaded')
    }
    return outcomes.every((outcome) => outcome.status === 'fulfilled' && outcome.value === true)
  }

  /** Whether a drain or `kill` has begun. */
  get isEnding(): boolean {
    return this.#state === 'ending'
  }

  /** Ends all workers immediately. */
  kill(): void {
    this.#state = 'ending'
    for (const { process } of this.#members.values()) process.kill()
  }

  #fork(): void {
    this.#isPortFixed ||= this.#port !== undefined && this.#members.size === 0
    const process = this.#parts.fork(this.#isPortFixed ? this.#port : undefined)
    const link = this.#parts.links.add(process.id, process.transport)
    const member: Member = {
      process,
      link,
      startedAtMs: this.#clock.now(),
      state: 'starting',
      failure: undefined,
      ended: Promise.withResolvers<number | null>(),
    }
    this.#members.set(process.id, member)
    process.onBatch((batch) => link.receive(batch))
    process.onExit((code, reason) => this.#onExit(member, code, reason))
  }

  #onServing(id: number, serving: Serving): void {
    const member = this.#members.get(id)
    if (member?.state !== 'starting') return
    this.#port ??= serving.port
    if (this.#port !== serving.port) {
      // The last worker on the port ended while this one started, so that the port was closed.
      this.#isPortFixed = true
      member.state = 'misplaced'
      member.process.kill()
      return
    }
    member.state = 'serving'
    this.#failedStarts = 0
    if (this.#state === 'running') this.#parts.log.info({ workerId: id }, 'a worker started')
    this.#parts.links.start(member.link)
    if (this.#state === 'ending') return
    this.#first.resolve(serving)
    if (this.#serving().length >= this.#parts.count) this.#complete.resolve()
  }

  #serving(): Member[] {
    return [...this.#members.values()].filter(({ state }) => state === 'serving')
  }

  #onFailed(id: number, failure: FailedStart): void {
    const member = this.#members.get(id)
    if (member !== undefined) member.failure = failure
  }

  /** The worker still ends its calls, but takes no new ones. */
  #onLeaving(id: number): void {
    const member = this.#members.get(id)
    if (member?.state !== 'serving') return
    member.state = 'leaving'
    this.#replace(member)
  }

  #onExit(member: Member, code: number | null, reason: string | null): void {
    const { process, link, state, failure } = member
    const { links, log } = this.#parts
    this.#members.delete(process.id)
    links.end(link)
    member.ended.resolve(code)
    const text = failure?.text ?? `a worker ended before it served calls: ${reason ?? `exit code ${code}`}`
    if (state === 'starting' && this.#state !== 'running') {
      this.#failStart(new WorkerStartError({ text, code: failure?.code ?? (code || 1) }))
      return
    }
    if (this.#state === 'ending') return
    const end = { workerPid: process.pid, ...(reason === null ? { code } : { signal: reason }) }
    const fields = { workerId: process.id, ...(process.pid !== undefined && end) }
    if (state === 'starting') {
      this.#failedStarts += 1
      log.error({ ...fields, reason: text }, 'a worker failed to start')
    } else log.error(fields, 'a worker ended')
    if (state !== 'leaving') this.#replace(member)
  }

  #failStart(error: WorkerStartError): void {
    this.#first.reject(error)
    this.#complete.reject(error)
  }

  #replace({ startedAtMs }: Pick<Member, 'startedAtMs'>): void {
    if (this.#state === 'ending') return
    if (this.#failedStarts >= MAX_FAILED_STARTS && this.#serving().length === 0) {
      this.#parts.log.fatal({ attempts: this.#failedStarts }, 'workers fail to start; ending')
      this.#parts.onHopeless()
      return
    }
    const isStable = this.#failedStarts === 0 && this.#clock.now() - startedAtMs >= STABLE_MS
    const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failedStarts)
    const backoff = this.#clock.schedule(
      () => {
        this.#backoffs.delete(backoff)
        if (this.#state !== 'ending') this.#forkAgain()
      },
      isStable ? 0 : backoffMs,
    )
    this.#backoffs.add(backoff)
  }

  /** The machine may have no memory for a process at the moment. */
  #forkAgain(): void {
    try {
      this.#fork()
    } catch (error) {
      this.#failedStarts += 1
      this.#parts.log.error({ err: error }, 'a worker failed to start')
      this.#replace({ startedAtMs: this.#clock.now() })
    }
  }
}
