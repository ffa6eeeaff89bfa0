/** The changes of the admin service, made in all workers of a server. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ReloadOutcome, Reloads } from '../lifecycle/reloads.ts'
import { askWorkers, type WorkerAnswer } from '../workers/contracts/ask-workers.ts'
import { numberPart, type PartRequest } from '../workers/contracts/numbered-parts.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'
import type { LogLevel } from './log-level.ts'

/** The channel of a link that the changes go over. */
const ADMIN_CHANNEL = 'portico.admin'

/** Certificates and policy files may be on slow disks. */
const RELOAD_MS = 30_000

/** The parts of a server that change. */
export interface ChangeableServer {
  readonly logLevel: LogLevel
  readonly reloads: Reloads
}

type Change =
  | { readonly kind: 'level'; readonly level: string; readonly revertAfterMs: number | undefined }
  | { readonly kind: 'present-level' | 'reload' }

/** A level that was set by the admin service. */
interface SetLevel {
  readonly level: string
  readonly revertAfterMs: number | undefined
}

/** Makes changes in all workers. */
export class SharedAdmin {
  readonly #link: WorkerLink
  readonly #server: ChangeableServer
  readonly #part: number

  constructor(link: WorkerLink, server: ChangeableServer) {
    this.#link = link
    this.#server = server
    this.#part = numberPart(link, ADMIN_CHANNEL, (request) => this.#answer(request as PartRequest & Change))
  }

  /** Takes the level over that the admin service has set in the others, for a worker that replaces one. */
  async adoptLogLevel(): Promise<void> {
    const answers = await this.#ask({ kind: 'present-level' }).catch(() => [])
    const set = answers.map(({ value }) => value as SetLevel | null | undefined).find((each) => each)
    if (set) this.#server.logLevel.set(set.level, set.revertAfterMs)
  }

  /**
   * Sets a level that this worker has set already.
   *
   * @throws ConnectError UNAVAILABLE if not all workers answer
   */
  async setLogLevel(level: string, revertAfterMs: number | undefined): Promise<void> {
    assertAll(await this.#ask({ kind: 'level', level, revertAfterMs }))
  }

  /**
   * Reloads all workers. A part is reloaded if it is in all.
   *
   * @throws ConnectError UNAVAILABLE if not all workers answer
   */
  async reload(): Promise<readonly ReloadOutcome[]> {
    const answers = await this.#ask({ kind: 'reload' }, RELOAD_MS)
    assertAll(answers)
    const byName = new Map<string, boolean>()
    for (const { name, isReloaded } of answers.flatMap(({ value }) => value as readonly ReloadOutcome[]))
      byName.set(name, isReloaded && (byName.get(name) ?? true))
    return Array.from(byName, ([name, isReloaded]) => ({ name, isReloaded }))
  }

  #ask(change: Change, timeoutMs?: number): Promise<readonly WorkerAnswer[]> {
    const payload = { part: this.#part, ...change }
    return askWorkers(this.#link, { channel: ADMIN_CHANNEL, payload, ...(timeoutMs !== undefined && { timeoutMs }) })
  }

  #answer(change: Change): unknown {
    const { logLevel, reloads } = this.#server
    switch (change.kind) {
      case 'level':
        return logLevel.set(change.level, change.revertAfterMs)
      case 'present-level':
        return setLevelOf(logLevel)
      case 'reload':
        return reloads.run()
    }
  }
}

/** Null if the configured level is in effect. */
function setLevelOf({ state }: LogLevel): SetLevel | null {
  const { level, configuredLevel, revertsAt } = state
  if (level === configuredLevel) return null
  return { level, revertAfterMs: revertsAt && Math.max(1, revertsAt.getTime() - Date.now()) }
}

function assertAll(answers: readonly WorkerAnswer[]): void {
  const missing = answers.filter(({ isAnswered }) => !isAnswered).map(({ worker }) => worker)
  if (missing.length === 0) return
  const which = missing.length === 1 ? `worker ${missing[0]}` : `workers ${missing.join(', ')}`
  throw new ConnectError(`${which} did not answer: the change may be missing there, try again`, Code.Unavailable)
}
