import { expect, test, vi } from 'vitest'
import type { Registrar, RegistrarContext } from '../../../../registry/contracts/registrar.ts'
import { servePrimaryRegistrations } from '../../../../server/registry/primary-registrations.ts'
import { normalizeRegistrations } from '../../../../server/registry/registration-options.ts'
import { workerRegistrar } from '../../../../server/registry/worker-registrar.ts'
import { systemClock } from '../../../../wire/http2/http2.ts'
import { instanceOf } from '../../../support/contracts/registrar-contract.ts'
import { MemoryRegistry } from '../../../support/registry/memory-registry.ts'
import { type TestWorker, workerLinks } from '../../../support/worker-links.ts'

const warnings: string[] = []
const context: RegistrarContext = {
  clock: systemClock,
  random: () => 0.5,
  log: { info() {}, warn: (_fields, message) => void warnings.push(message) },
}

/** A primary that registers in one registry, and a function that starts a worker which serves. */
function startPrimary(registrar: Registrar, deregisterTimeoutMs = 3_000) {
  const { primary, startWorker } = workerLinks()
  const registrations = normalizeRegistrations('serve', { registrar, service: 'greeter', deregisterTimeoutMs })
  const close = servePrimaryRegistrations(primary, registrations, context)
  const serve = (id: string) => {
    const worker: TestWorker = startWorker()
    return { worker, registration: workerRegistrar(worker.link, registrar, 0).register(instanceOf(id), context) }
  }
  return { serve, close }
}

const found = (registry: MemoryRegistry) => registry.find('greeter').map(({ id }) => id)

test('a server is registered once, while one of its workers serves', async () => {
  const registry = new MemoryRegistry()
  const { serve, close } = startPrimary(registry.connect())
  const [a, b] = [serve('a'), serve('b')]
  await vi.waitFor(() => expect(found(registry)).toEqual(['a']))
  a.registration.setServing(false)
  a.worker.end()
  const c = serve('c')
  await vi.waitFor(() => expect(c.registration.isRegistered).toBe(true))
  b.registration.setServing(false)
  expect(found(registry)).toEqual(['a'])
  c.registration.setServing(false)
  await vi.waitFor(() => expect(found(registry)).toEqual([]))
  b.registration.setServing(true)
  await vi.waitFor(() => expect(found(registry)).toEqual(['a']))
  await close()
  expect(registry.log).toEqual(['register a', 'remove a', 'register a', 'remove a'])
})

test('SD-6: the last worker that drains waits until the server is removed', async () => {
  const registry = new MemoryRegistry()
  const { serve, close } = startPrimary(registry.connect())
  const [a, b] = [serve('a'), serve('b')]
  await vi.waitFor(() => expect(found(registry)).toEqual(['a']))
  await a.registration.deregister(5_000)
  expect(found(registry)).toEqual(['a'])
  await b.registration.deregister(5_000)
  expect(found(registry)).toEqual([])
  await close()
})

test('a server whose last worker crashed is not registered until another serves', async () => {
  const registry = new MemoryRegistry()
  const { serve, close } = startPrimary(registry.connect())
  serve('a').worker.end()
  const b = serve('b')
  await vi.waitFor(() => expect(found(registry)).toHaveLength(1))
  b.worker.end()
  await vi.waitFor(() => expect(found(registry)).toEqual([]))
  serve('c')
  await vi.waitFor(() => expect(found(registry)).toHaveLength(1))
  await close()
  expect(found(registry)).toEqual([])
})

test('a registry that hangs holds a worker for its time at most', async () => {
  const registry = new MemoryRegistry()
  const registrar = registry.connect()
  const { serve, close } = startPrimary(registrar)
  const { registration } = serve('a')
  await vi.waitFor(() => expect(found(registry)).toEqual(['a']))
  registrar.isCut = true
  await registration.deregister(50)
  registrar.isCut = false
  await close()
})

test('a registrar that throws harms neither the primary nor its workers', async () => {
  const failing: Registrar = {
    name: 'own',
    register() {
      throw new Error('thrown')
    },
  }
  const { serve, close } = startPrimary(failing)
  const { registration } = serve('a')
  await registration.deregister(1_000)
  await close()
  expect(warnings).toContain('a registrar failed')
})

test('a registrar that hangs holds the end of the primary for its time at most', async () => {
  let isRegistered = false
  const hanging: Registrar = {
    name: 'own',
    register() {
      isRegistered = true
      return { isRegistered, setServing() {}, deregister: () => new Promise(() => {}) }
    },
  }
  const { serve, close } = startPrimary(hanging, 50)
  serve('a')
  await vi.waitFor(() => expect(isRegistered).toBe(true))
  await close()
})
