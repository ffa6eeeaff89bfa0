/** The contract of every registrar, which tests run against the real registry where there is one. */
import { expect, it, onTestFinished, vi } from 'vitest'
import type {
  InstanceMetadata,
  Registrar,
  Registration,
  ServiceInstance,
} from '../../../registry/contracts/registrar.ts'
import { systemClock } from '../../../wire/http2/http2.ts'

/** An instance as clients find it. */
export interface FoundInstance {
  /** `127.0.0.1:8080` */
  readonly address: string
  readonly metadata: InstanceMetadata
}

/** A registrar with a connection of its own, as that of one process. */
export interface ConnectedRegistrar {
  readonly registrar: Registrar
  /** Lets nothing reach the registry any more, as if the process had been killed. */
  cut(): void
}

/** A registry without instances. It is closed when the running test ends. */
export interface RegistryBench {
  connect(): Promise<ConnectedRegistrar>
  /** Returns the instances of a service that clients may call now, in any order. */
  find(service: string): Promise<readonly FoundInstance[]>
  /** Takes the registry away. */
  stop(): Promise<void>
  /** Brings it back. It need not have kept its data. */
  start(): Promise<void>
  /** Makes the registry lose all entries, while it stays reachable. */
  forget(): Promise<void>
  /** The time after which the entry of a process that crashed is gone, in milliseconds. */
  readonly expiryMs: number
}

/** How to test a registrar. */
export interface RegistrarCase {
  /** Opens the registry; once the test ends, everything is closed. */
  open(): Promise<RegistryBench>
}

/** Beyond the time that the registry itself needs. */
const PATIENCE_MS = 10_000
const POLL_MS = 10

/** A line of the log of a registrar. */
interface Line {
  readonly level: 'info' | 'warn'
  readonly message: string
}

/** Registers the tests of one registrar. */
export function testRegistrar({ open }: RegistrarCase): void {
  it('SD-1: registers an instance with its address and metadata, and removes it', async () => {
    const bench = await open()
    const { registration, lines } = await registerAt(
      bench,
      instanceOf('a', { weight: 3, zone: 'z1', version: '1.2.0' }),
    )
    await untilFound(bench, ['127.0.0.1:1001'])
    expect((await bench.find('greeter'))[0]?.metadata).toMatchObject({ weight: 3, zone: 'z1', version: '1.2.0' })
    await untilRegistered(registration)
    await registration.deregister(PATIENCE_MS)
    expect(await addresses(bench)).toEqual([])
    expect(registration.isRegistered).toBe(false)
    expect(messages(lines)).toEqual(['registered', 'deregistered'])
  })

  it('SD-1: the instance of a process that crashed expires, and the others stay', async () => {
    const bench = await open()
    await registerAt(bench, instanceOf('a'))
    const { connection } = await registerAt(bench, instanceOf('b'))
    await untilFound(bench, ['127.0.0.1:1001', '127.0.0.1:1002'])
    connection.cut()
    await untilFound(bench, ['127.0.0.1:1001'], bench.expiryMs)
  })

  it('keeps an instance registered for longer than it would take to expire', async () => {
    const bench = await open()
    const { lines } = await registerAt(bench, instanceOf('a'))
    await untilFound(bench, ['127.0.0.1:1001'])
    await new Promise((resolve) => setTimeout(resolve, bench.expiryMs))
    expect(await addresses(bench)).toEqual(['127.0.0.1:1001'])
    expect(messages(lines)).toEqual(['registered'])
  })

  it('hides an instance that does not serve until it serves again', async () => {
    const bench = await open()
    const { registration } = await registerAt(bench, instanceOf('a'))
    await untilFound(bench, ['127.0.0.1:1001'])
    registration.setServing(false)
    await untilFound(bench, [])
    registration.setServing(true)
    await untilFound(bench, ['127.0.0.1:1001'])
  })

  it('follows the last of many changes of health', async () => {
    const bench = await open()
    const { registration } = await registerAt(bench, instanceOf('a'))
    for (let times = 0; times < 20; times++) registration.setServing(times % 2 === 0)
    await untilFound(bench, [])
    registration.setServing(true)
    registration.setServing(false)
    registration.setServing(true)
    await untilFound(bench, ['127.0.0.1:1001'])
  })

  it('registers once the registry is there, if it was away at the start', async () => {
    const bench = await open()
    await bench.stop()
    const { registration, lines } = await registerAt(bench, instanceOf('a'))
    await vi.waitFor(() => expect(messages(lines)).toEqual(['not registered yet; trying again']), waiting())
    expect(registration.isRegistered).toBe(false)
    await bench.start()
    await untilFound(bench, ['127.0.0.1:1001'])
    await untilRegistered(registration)
    expect(messages(lines)).toEqual(['not registered yet; trying again', 'registered'])
  })

  it('is registered again after the registry was away', async () => {
    const bench = await open()
    const { registration } = await registerAt(bench, instanceOf('a'))
    await untilFound(bench, ['127.0.0.1:1001'])
    await bench.stop()
    await bench.start()
    await untilFound(bench, ['127.0.0.1:1001'], bench.expiryMs)
    await vi.waitFor(() => expect(registration.isRegistered).toBe(true), waiting(bench.expiryMs))
  })

  it('is registered again after the registry has lost its entry', async () => {
    const bench = await open()
    const { lines } = await registerAt(bench, instanceOf('a'))
    await untilFound(bench, ['127.0.0.1:1001'])
    await bench.forget()
    await untilFound(bench, ['127.0.0.1:1001'], bench.expiryMs)
    await vi.waitFor(() => expect(messages(lines).at(-1)).toBe('registered again'), waiting(bench.expiryMs))
    expect(messages(lines)).toEqual(['registered', 'registration lost; registering again', 'registered again'])
  })

  it('deregisters once, however often it is asked, and stays removed', async () => {
    const bench = await open()
    const { registration, lines } = await registerAt(bench, instanceOf('a'))
    await untilFound(bench, ['127.0.0.1:1001'])
    await untilRegistered(registration)
    await Promise.all([registration.deregister(PATIENCE_MS), registration.deregister(PATIENCE_MS)])
    await registration.deregister(PATIENCE_MS)
    registration.setServing(true)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await addresses(bench)).toEqual([])
    expect(messages(lines)).toEqual(['registered', 'deregistered'])
  })

  it('leaves nothing behind if it is removed while it registers', async () => {
    const bench = await open()
    const { registration } = await registerAt(bench, instanceOf('a'))
    await registration.deregister(PATIENCE_MS)
    expect(await addresses(bench)).toEqual([])
  })

  it('ends within its time while the registry is away', async () => {
    const bench = await open()
    const { registration } = await registerAt(bench, instanceOf('a'))
    await untilFound(bench, ['127.0.0.1:1001'])
    await bench.stop()
    const startedAtMs = performance.now()
    await registration.deregister(300)
    expect(performance.now() - startedAtMs).toBeLessThan(PATIENCE_MS)
    expect(registration.isRegistered).toBe(false)
  })

  it('keeps instances of one process apart', async () => {
    const bench = await open()
    const { registration, connection } = await registerAt(bench, instanceOf('a'))
    const other = connection.registrar.register(instanceOf('b'), contextFor([]))
    onTestFinished(() => other.deregister(PATIENCE_MS))
    await untilFound(bench, ['127.0.0.1:1001', '127.0.0.1:1002'])
    await registration.deregister(PATIENCE_MS)
    expect(await addresses(bench)).toEqual(['127.0.0.1:1002'])
  })
}

/** Instance `a` has port 1001, `b` 1002. */
export function instanceOf(id: string, metadata: InstanceMetadata = {}): ServiceInstance {
  const port = 1_001 + id.charCodeAt(0) - 'a'.charCodeAt(0)
  return { service: 'greeter', id, host: '127.0.0.1', port, isSecure: false, metadata }
}

async function registerAt(
  bench: RegistryBench,
  instance: ServiceInstance,
): Promise<{ registration: Registration; connection: ConnectedRegistrar; lines: Line[] }> {
  const lines: Line[] = []
  const connection = await bench.connect()
  const registration = connection.registrar.register(instance, contextFor(lines))
  onTestFinished(() => registration.deregister(1))
  return { registration, connection, lines }
}

function contextFor(lines: Line[]) {
  return {
    clock: systemClock,
    random: () => 0.5,
    log: {
      info: (_fields: object, message: string) => void lines.push({ level: 'info', message }),
      warn: (_fields: object, message: string) => void lines.push({ level: 'warn', message }),
    },
  }
}

function messages(lines: readonly Line[]): string[] {
  return lines.map(({ message }) => message)
}

async function addresses(bench: RegistryBench): Promise<string[]> {
  return (await bench.find('greeter')).map(({ address }) => address).sort()
}

async function untilFound(bench: RegistryBench, expected: readonly string[], extraMs = 0): Promise<void> {
  await vi.waitFor(async () => expect(await addresses(bench)).toEqual(expected), waiting(extraMs))
}

/** A registry has an instance before its answer has arrived. */
async function untilRegistered(registration: Registration): Promise<void> {
  await vi.waitFor(() => expect(registration.isRegistered).toBe(true), waiting())
}

function waiting(extraMs = 0) {
  return { timeout: PATIENCE_MS + extraMs, interval: POLL_MS }
}
