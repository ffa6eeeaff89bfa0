/** The health of services that a program changes while it serves, alike in all workers. */
import type { FastifyInstance } from 'fastify'
import type { HealthStatus, ServingStatus } from './services/health/health-status.ts'
import { askWorkers, type WorkerAnswer } from './workers/contracts/ask-workers.ts'
import { numberPart, type PartRequest } from './workers/contracts/numbered-parts.ts'
import type { WorkerLink } from './workers/contracts/worker-link.ts'

/** The channel of a link that the changes go over. */
const HEALTH_CHANNEL = 'portico.health'

/** A change in a worker; a status of null removes the service. */
interface HealthChange {
  readonly from: number
  readonly service: string
  readonly status: ServingStatus | null
}

type HealthQuestion = PartRequest & { readonly change?: HealthChange }

/**
 * Passes `setStatus` and `clearStatus` on to the other workers, from the moment when this one listens: what a program sets before then
 * describes its start. Checks are not shared, as each worker runs its own.
 */
export function shareHealth(app: FastifyInstance, health: HealthStatus, link: WorkerLink): void {
  const shared = new SharedHealth(health, link)
  app.addHook('onListen', () => shared.start())
  app.addHook('onClose', async () => shared.stop())
}

class SharedHealth {
  readonly #health: HealthStatus
  readonly #link: WorkerLink
  readonly #part: number
  /** What was changed since the workers serve, for those that start later. */
  readonly #changes = new Map<string, ServingStatus | null>()
  /** How many changes of this worker are on their way, by service. */
  readonly #pending = new Map<string, number>()
  #isApplying = false
  #stop: (() => void) | undefined

  constructor(health: HealthStatus, link: WorkerLink) {
    this.#health = health
    this.#link = link
    this.#part = numberPart(link, HEALTH_CHANNEL, (question) => this.#answer(question as HealthQuestion))
  }

  async start(): Promise<void> {
    this.#stop ??= this.#health.observeChanges((service, status) => this.#send(service, status))
    const answers = await this.#ask({ part: this.#part }).catch(() => [])
    const changes = answers.map(({ value }) => value as ReadonlyMap<string, ServingStatus | null> | undefined)
    for (const [service, status] of changes.find((each) => each !== undefined && each.size > 0) ?? [])
      this.#apply(service, status)
  }

  stop(): void {
    this.#stop?.()
  }

  #send(service: string, status: ServingStatus | null): void {
    if (this.#isApplying) return
    this.#pending.set(service, (this.#pending.get(service) ?? 0) + 1)
    const change: HealthChange = { from: this.#link.id, service, status }
    const isEcho = ({ worker, isAnswered }: WorkerAnswer) => worker === this.#link.id && isAnswered
    this.#ask({ part: this.#part, change }).then(
      (answers) => answers.some(isEcho) || this.#settle(service),
      () => this.#settle(service),
    )
  }

  #answer({ change }: HealthQuestion): ReadonlyMap<string, ServingStatus | null> | undefined {
    if (change === undefined) return this.#changes
    if (change.from === this.#link.id) this.#settle(change.service)
    // The primary puts the changes in one order, in which the own ones are still to come.
    if ((this.#pending.get(change.service) ?? 0) === 0) this.#apply(change.service, change.status)
    return undefined
  }

  #settle(service: string): void {
    const pending = (this.#pending.get(service) ?? 1) - 1
    if (pending === 0) this.#pending.delete(service)
    else this.#pending.set(service, pending)
  }

  #apply(service: string, status: ServingStatus | null): void {
    this.#changes.set(service, status)
    this.#isApplying = true
    try {
      if (status === null) this.#health.clearStatus(service)
      else this.#health.setStatus(service, status)
    } finally {
      this.#isApplying = false
    }
  }

  #ask(payload: HealthQuestion) {
    return askWorkers(this.#link, { channel: HEALTH_CHANNEL, payload })
  }
}
