/** `node server --hub redis://...` at its start: TLS, and a Redis that refuses. */
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { createRedisTopicBroker } from '../../server/demo/topics/redis/redis-topic-broker.ts'
import { BrokerProcess } from '../support/brokers/broker-process.ts'
import { append, DEFAULT_LIMITS, until } from '../support/brokers/broker-recorder.ts'
import { startRedisServer } from '../support/brokers/redis-server.ts'
import { testCertificates } from '../support/certificates.ts'
import { freePort } from '../support/ports.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

async function startTlsRedis(): Promise<{ server: BrokerProcess; caFile: string }> {
  const { ca, server } = await testCertificates()
  const [caFile, cert, key] = await Promise.all([
    temporaryFile('ca.pem', ca),
    temporaryFile('server.pem', server.cert),
    temporaryFile('server-key.pem', server.key),
  ])
  const port = await freePort()
  const started = await BrokerProcess.start({
    program: 'redis-server',
    port,
    args: (folder) => [
      ...['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', caFile, '--tls-auth-clients', 'no'],
    ],
  })
  onTestFinished(() => started[Symbol.asyncDispose]())
  return { server: started, caFile }
}

async function publish(origin: string): Promise<unknown> {
  const response = await fetch(`${origin}/greeter.v1.GreeterService/Publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"topic":"news","data":"hello"}',
  })
  return response.json()
}

test('a server reaches Redis by TLS, if it trusts the certificate', async () => {
  const { server, caFile } = await startTlsRedis()
  const hub = `rediss://127.0.0.1:${server.port}`
  const { origin } = await ServerProcess.listen(['--hub', hub], { NODE_EXTRA_CA_CERTS: caFile })
  expect(await publish(origin)).toMatchObject({ sequence: '1' })
})

test('a server does not start with a certificate that it does not trust, and says so', async () => {
  const { server } = await startTlsRedis()
  const program = new ServerProcess(['--port', '0', '--hub', `rediss://127.0.0.1:${server.port}`])
  expect(await program.exited).toBe(1)
  expect(program.stdout + program.stderr).toMatch(
    /--hub rediss:\/\/127\.0\.0\.1:\d+: the certificate of Redis is not accepted/,
  )
})

test('a server does not start with a wrong password, and does not show it', async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis[Symbol.asyncDispose]())
  const program = new ServerProcess(['--port', '0'], {
    PORTICO_HUB: `redis://nobody:not-it-8412@127.0.0.1:${redis.port}`,
  })
  expect(await program.exited).toBe(1)
  expect(program.stdout + program.stderr).toMatch(/--hub redis:\/\/127\.0\.0\.1:\d+: .*WRONGPASS/)
  expect(program.stdout + program.stderr).not.toContain('not-it-8412')
})

test('a broker that was refused goes on trying, and is available once Redis accepts it', async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis[Symbol.asyncDispose]())
  const admin = new Redis(redis.port, '127.0.0.1')
  onTestFinished(() => admin.disconnect())
  const url = `redis://late:password@127.0.0.1:${redis.port}`
  const broker = createRedisTopicBroker({ url, limits: DEFAULT_LIMITS })
  onTestFinished(() => broker.close())
  await expect(broker.start({ onMessage: () => {}, onAvailable: () => {} })).rejects.toThrow(/WRONGPASS/)
  await admin.acl('SETUSER', 'late', 'on', '>password', '~*', '&*', '+@all')
  await until(() => broker.isAvailable)
  expect(await append(broker, 'a', '1')).toMatchObject({ sequence: 1n })
})
