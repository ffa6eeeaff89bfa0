import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { expect, it, onTestFinished } from 'vitest'
import { HealthMonitor, type HealthMonitorOptions } from '../../../../../console/app/live/health/health-monitor.ts'
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../../../../gen/health/v1/health_pb.js'

const SOON = { timeout: 10_000 }

/** A server of health whose faults a test chooses. */
class HealthServer {
  readonly statuses = new Map<string, Status>([
    ['', Status.SERVING],
    ['a.A', Status.SERVING],
    ['b.B', Status.NOT_SERVING],
  ])
  hasList = true
  hasWatch = true
  isDown = false
  refusal: Code | undefined
  watches = 0
  #changes = new EventTarget()

  set(service: string, status: Status): void {
    this.statuses.set(service, status)
    this.#changes.dispatchEvent(new Event('change'))
  }

  /** Breaks all streams, and refuses calls until it is back. */
  setDown(isDown: boolean): void {
    this.isDown = isDown
    this.#changes.dispatchEvent(new Event('change'))
  }

  get client() {
    const { statuses } = this
    const statusOf = (service: string) => {
      const status = statuses.get(service)
      if (status === undefined) throw new ConnectError('unknown service', Code.NotFound)
      return { status }
    }
    const server = this
    return createClient(
      Health,
      createRouterTransport(({ service }) => {
        service(Health, {
          check: ({ service: name }) => {
            server.#assertUp()
            return statusOf(name)
          },
          list: () => {
            server.#assertUp()
            if (!server.hasList) throw new ConnectError('no list', Code.Unimplemented)
            return { statuses: Object.fromEntries([...statuses].map(([name, status]) => [name, { status }])) }
          },
          async *watch({ service: name }, { signal }) {
            server.watches += 1
            try {
              if (!server.hasWatch) throw new ConnectError('no watch', Code.Unimplemented)
              for (let sent: Status | undefined; !signal.aborted; ) {
                server.#assertUp()
                const { status } = statusOf(name)
                if (status !== sent) yield { status }
                sent = status
                await server.#change(signal)
              }
            } finally {
              server.watches -= 1
            }
          },
        })
      }),
    )
  }

  #assertUp(): void {
    if (this.isDown) throw new ConnectError('down', Code.Unavailable)
    if (this.refusal !== undefined) throw new ConnectError('not you', this.refusal)
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#changes.addEventListener('change', () => resolve(), { once: true })
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}

function start(server: HealthServer, options: Partial<HealthMonitorOptions> = {}): HealthMonitor {
  const monitor = new HealthMonitor({
    client: server.client,
    services: ['a.A', 'b.B', 'never.Served'],
    maxWatches: 10,
    listIntervalMs: 20,
    ...options,
  })
  onTestFinished(monitor.start())
  return monitor
}

/** Service, status and link of all services. */
function shown(monitor: HealthMonitor): string[] {
  return monitor.book.services.value.map(({ service, status, link }) => `${service}:${status}:${link}`)
}

it('watches each service, and keeps the changes', async () => {
  const server = new HealthServer()
  const monitor = start(server)
  await expect.poll(() => shown(monitor), SOON).toEqual([':SERVING:live', 'a.A:SERVING:live', 'b.B:NOT_SERVING:live'])
  expect(monitor.book.changes.value).toEqual([])
  server.set('a.A', Status.NOT_SERVING)
  server.set('b.B', Status.SERVING)
  await expect.poll(() => shown(monitor), SOON).toEqual([':SERVING:live', 'a.A:NOT_SERVING:live', 'b.B:SERVING:live'])
  expect(monitor.book.changes.value.map(({ service, from, to }) => [service, from, to]).sort()).toEqual([
    ['a.A', 'SERVING', 'NOT_SERVING'],
    ['b.B', 'NOT_SERVING', 'SERVING'],
  ])
})

it('watches as many as it may, and lists the others', async () => {
  const server = new HealthServer()
  const monitor = start(server, { maxWatches: 1 })
  await expect
    .poll(() => shown(monitor), SOON)
    .toEqual([':SERVING:live', 'a.A:SERVING:polled', 'b.B:NOT_SERVING:polled'])
  server.set('b.B', Status.SERVICE_UNKNOWN)
  server.set('c.C', Status.UNKNOWN)
  await expect
    .poll(() => shown(monitor), SOON)
    .toEqual([':SERVING:live', 'a.A:SERVING:polled', 'b.B:SERVICE_UNKNOWN:polled', 'c.C:UNKNOWN:polled'])
  server.statuses.delete('a.A')
  await expect.poll(() => shown(monitor), SOON).not.toContainEqual(expect.stringContaining('a.A'))
  expect(server.watches).toBe(1)
})

it('checks the services that it knows where the server has no list', async () => {
  const server = new HealthServer()
  server.hasList = false
  const monitor = start(server)
  await expect.poll(() => shown(monitor), SOON).toEqual([':SERVING:live', 'a.A:SERVING:live', 'b.B:NOT_SERVING:live'])
})

it('follows services that cannot be watched by the list', async () => {
  const server = new HealthServer()
  server.hasWatch = false
  const monitor = start(server)
  await expect
    .poll(() => shown(monitor), SOON)
    .toEqual([':SERVING:failed', 'a.A:SERVING:failed', 'b.B:NOT_SERVING:failed'])
  server.set('a.A', Status.NOT_SERVING)
  await expect.poll(() => shown(monitor), SOON).toContain('a.A:NOT_SERVING:failed')
  expect(monitor.book.services.value.map(({ fault }) => fault)).toEqual(
    Array(3).fill(expect.stringContaining('no watch')),
  )
})

it('says once that the server is gone, and goes on when it is back', async () => {
  const server = new HealthServer()
  const monitor = start(server)
  await expect.poll(() => shown(monitor), SOON).toContain(':SERVING:live')
  server.setDown(true)
  await expect.poll(() => shown(monitor), SOON).toEqual([':SERVING:lost', 'a.A:SERVING:lost', 'b.B:NOT_SERVING:lost'])
  expect(monitor.book.isReachable.value).toBe(false)
  expect(monitor.retryAtMs.value).toBeGreaterThan(0)
  server.setDown(false)
  server.set('a.A', Status.NOT_SERVING)
  monitor.retryNow()
  await expect
    .poll(() => shown(monitor), SOON)
    .toEqual([':SERVING:live', 'a.A:NOT_SERVING:live', 'b.B:NOT_SERVING:live'])
  expect(monitor.retryAtMs.value).toBe(null)
  expect(monitor.book.changes.value.map(({ to }) => to).sort()).toEqual(['NOT_SERVING', 'REACHABLE', 'UNREACHABLE'])
})

it.each([Code.PermissionDenied, Code.Unauthenticated])('says that the server refuses: %s', async (code) => {
  const server = new HealthServer()
  server.refusal = code
  const monitor = start(server)
  await expect.poll(() => monitor.refusal.value?.code, SOON).toBe(code)
  expect(monitor.book.isReachable.value).toBe(true)
  server.refusal = undefined
  await expect.poll(() => shown(monitor).length, SOON).toBe(3)
  expect(monitor.refusal.value).toBe(null)
})

it('leaves no stream behind when it stops', async () => {
  const server = new HealthServer()
  const monitor = new HealthMonitor({ client: server.client, services: [], maxWatches: 10 })
  const stop = monitor.start()
  await expect.poll(() => server.watches, SOON).toBe(3)
  stop()
  await expect.poll(() => server.watches, SOON).toBe(0)
})
