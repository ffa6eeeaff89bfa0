/** Registers a server with workers once: the half of the primary. */
import type { RegistrarContext, Registration } from '../../registry/contracts/registrar.ts'
import type { PrimaryLink, WorkerHandle } from '../workers/contracts/worker-link.ts'
import type { ResolvedRegistration } from './registration-options.ts'
import { deregister, reportFailure } from './server-registrations.ts'
import { type LeaveRequest, REGISTRATION_CHANNEL, type RegistrationReport } from './worker-registrar.ts'

/**
 * Keeps the server registered while one of its workers serves. Called before the first worker starts.
 *
 * @returns removes the server from all registries, if the workers have not done that; never rejects
 */
export function servePrimaryRegistrations(
  link: PrimaryLink,
  options: readonly ResolvedRegistration[],
  context: RegistrarContext,
): () => Promise<void> {
  const machines = options.map((each) => new MachineRegistration(each, context))
  link.onMessage(REGISTRATION_CHANNEL, (message, worker) => {
    const report = message as RegistrationReport
    machines[report.index]?.report(worker, report)
  })
  link.onRequest(REGISTRATION_CHANNEL, (request, worker) => {
    const { index, timeoutMs } = request as LeaveRequest
    return machines[index]?.leave(worker, timeoutMs)
  })
  link.onEnd((worker) => {
    for (const machine of machines) machine.end(worker)
  })
  return async () => void (await Promise.all(machines.map((machine) => machine.close())))
}

/** The server in one registry. */
class MachineRegistration {
  readonly #options: ResolvedRegistration
  readonly #context: RegistrarContext
  /** The workers that have served and not left, and whether they serve now. */
  readonly #workers = new Map<WorkerHandle, boolean>()
  #registration: Registration | null = null

  constructor(options: ResolvedRegistration, context: RegistrarContext) {
    this.#options = options
    this.#context = context
  }

  report(worker: WorkerHandle, report: RegistrationReport): void {
    this.#workers.set(worker, report.kind === 'serving')
    this.#guard(() => {
      if (report.kind === 'serving' && this.#registration === null) {
        this.#registration = this.#options.registrar.register(report.instance, this.#context)
      }
      this.#update()
    })
  }

  /** Handles a worker that drains. The last one removes the server for good, not only until another worker serves. */
  async leave(worker: WorkerHandle, timeoutMs: number): Promise<void> {
    this.#workers.delete(worker)
    if (this.#workers.size === 0) await this.#remove(timeoutMs)
    else this.#guard(() => this.#update())
  }

  /** Handles a worker that has ended. One that had not left has crashed, and another takes its place. */
  end(worker: WorkerHandle): void {
    if (this.#workers.delete(worker)) this.#guard(() => this.#update())
  }

  close(): Promise<void> {
    return this.#remove(this.#options.deregisterTimeoutMs)
  }

  #update(): void {
    this.#registration?.setServing([...this.#workers.values()].includes(true))
  }

  async #remove(timeoutMs: number): Promise<void> {
    const registration = this.#registration
    this.#registration = null
    await deregister(registration, timeoutMs, this.#context)
  }

  /** Registrars of programs may throw against their contract, which must not end the primary. */
  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      reportFailure(error, this.#context)
    }
  }
}
