/** Registers a server with workers once, however many of them serve: the half of a worker, which reports to the primary. */
import type { Registrar, Registration, ServiceInstance } from '../../registry/contracts/registrar.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'

/** The channel of a link that the reports go over. */
export const REGISTRATION_CHANNEL = 'portico.registration'

/** What a worker reports of itself, for one of the registrations of the server. */
export type RegistrationReport =
  | { readonly index: number; readonly kind: 'serving'; readonly instance: ServiceInstance }
  | { readonly index: number; readonly kind: 'not serving' }

/** The request of a worker that drains. It is answered once the server is removed, if this was the last worker. */
export interface LeaveRequest {
  readonly index: number
  readonly timeoutMs: number
}

/** How much longer than the registry an answer of the primary may take, in milliseconds. */
const MARGIN_MS = 1_000

/**
 * Creates the registrar of a worker.
 *
 * @param registrar the one that the primary uses
 * @param index its place among the registrations of the server
 */
export function workerRegistrar(link: WorkerLink, registrar: Registrar, index: number): Registrar {
  const report = (message: RegistrationReport) => link.send(REGISTRATION_CHANNEL, message)
  return {
    name: registrar.name,
    register(instance): Registration {
      let isServing = false
      const setServing = (isNowServing: boolean) => {
        isServing = isNowServing
        report(isNowServing ? { index, kind: 'serving', instance } : { index, kind: 'not serving' })
      }
      setServing(true)
      return {
        get isRegistered() {
          return isServing
        },
        setServing,
        async deregister(timeoutMs) {
          isServing = false
          const request: LeaveRequest = { index, timeoutMs }
          // A primary that has ended has no registrations.
          await link.request(REGISTRATION_CHANNEL, request, { timeoutMs: timeoutMs + MARGIN_MS }).catch(() => {})
        },
      }
    },
  }
}
