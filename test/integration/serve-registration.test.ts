/** `--registry` and `--advertise` of programs. */
import { expect, test, vi } from 'vitest'
import { LogCapture } from '../support/log-capture.ts'
import { freePort } from '../support/ports.ts'
import { MemoryRegistry } from '../support/registry/memory-registry.ts'
import { serveHere } from '../support/serve-here.ts'

test('a registry that is away keeps a server neither from starting nor from answering', async () => {
  const { logger, lines, text } = new LogCapture()
  const port = await freePort()
  const url = `etcd://127.0.0.1:${port}/greeter?weight=2`
  const { address } = await serveHere({
    argv: ['--registry', url, '--advertise', '10.9.8.7', '--log-level=info'],
    logger,
  })
  expect((await fetch(`${address}/readyz`)).status).toBe(200)
  await vi.waitFor(() => expect(lines.some(({ msg }) => msg === 'not registered yet; trying again')).toBe(true))
  expect(lines.find(({ registry }) => registry === 'etcd')).toMatchObject({
    service: 'greeter',
    address: `10.9.8.7:${new URL(address).port}`,
  })
  expect(text).not.toContain('loopback')
})

test('--advertise holds for registries in code, too', async () => {
  const registry = new MemoryRegistry()
  const registration = { registrar: registry.connect(), service: 'greeter' }
  await serveHere({ registration, argv: ['--advertise', 'a.example:443'] })
  await vi.waitFor(() => expect(registry.find('greeter')).toMatchObject([{ host: 'a.example', port: 443 }]))
})

test.each([
  [['--registry=zookeeper://a/b'], '--registry: zookeeper is not a registry: use one of '],
  [['--registry=etcd://me:pass-word@a/b?ttl=1'], '--registry: etcdRegistrar: ttlMs is 1000'],
  [['--registry=etcd://me:pass-word@a'], 'PORTICO_REGISTRY'],
  [['--registry=etcd://a/b?weight=x'], 'weight must be a whole number'],
  [['--advertise=a:b:c'], '--advertise'],
  [['--advertise=a:70000'], '--advertise'],
])('rejects %j without showing a password', async (argv, fault) => {
  const failed = serveHere({ argv })
  await expect(failed).rejects.toThrow(fault.startsWith('PORTICO') ? '--registry' : fault)
  await expect(failed).rejects.not.toThrow(/pass-word/)
})
