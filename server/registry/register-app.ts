/** Ties the registrations of a server to its life: its port, its health and its close. */
import type { FastifyInstance } from 'fastify'
import type { HealthStatus } from '../services/health/health-status.ts'
import type { ServerRegistrations } from './server-registrations.ts'

/** What a server shows to its registries. */
export interface RegisteredApp {
  readonly health: Pick<HealthStatus, 'isReady' | 'watch'>
  /** Whether the server expects TLS. */
  readonly isSecure: boolean
}

/** Adds the hooks. A drain calls `deregister` of the registrations earlier than the close of Fastify does. */
export function registerApp(
  app: FastifyInstance,
  registrations: ServerRegistrations,
  { health, isSecure }: RegisteredApp,
): void {
  if (!registrations.isUsed) return
  let unwatch = () => {}
  app.addHook('onListen', (done) => {
    registrations.setServing(health.isReady)
    // The empty name stands for the whole server.
    unwatch = health.watch('', () => registrations.setServing(health.isReady))
    const addresses = app.addresses().filter((address) => address !== null)
    registrations.listening({ addresses, isSecure })
    done()
  })
  app.addHook('preClose', async () => {
    unwatch()
    await registrations.deregister()
  })
}
