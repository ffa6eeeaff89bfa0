/** `--registry` and `--advertise` of programs. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
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

test('a registry whose packages are not installed is named with them', async () => {
  const withoutNats = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(name, context, next) {
        if (!name.startsWith('@nats-io/')) return next(name, context)
        throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' })
      },
    })
  `
  const loader = `data:text/javascript,${encodeURIComponent(withoutNats)}`
  const program = path.resolve(import.meta.dirname, '../../server/main.ts')
  const args = ['--import', loader, program, '--port=0', '--registry=nats://me:pass-word@127.0.0.1:1/greeter']
  const failed: { code?: number; stderr?: string } = await promisify(execFile)(process.execPath, args).catch(
    (error: object) => error,
  )
  expect(failed.code).toBe(1)
  expect(failed.stderr).toContain('--registry: run "npm install @nats-io/transport-node')
  expect(failed.stderr).not.toContain('pass-word')
})
