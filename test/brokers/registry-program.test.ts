/** `portico registry`, and calls to targets in a registry, with a real etcd. */
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { etcdRegistrar } from '../../registry/etcd/public.ts'
import { startEtcdServer } from '../support/brokers/etcd-server.ts'
import { runProgram, spawnProgram } from '../support/client-program.ts'
import { startDemo } from '../support/demo-server.ts'
import { outputLines } from '../support/output-lines.ts'

/** 64 and the code UNAVAILABLE. */
const EXIT_UNAVAILABLE = 78

async function startEtcd() {
  const etcd = await startEtcdServer()
  onTestFinished(() => etcd[Symbol.asyncDispose]())
  const target = `etcd://127.0.0.1:${etcd.port}/greeter`
  const startRegistered = (zone: string) => {
    const registrar = etcdRegistrar({ endpoints: [`127.0.0.1:${etcd.port}`] })
    return startDemo({ registration: { registrar, service: 'greeter', metadata: { zone, weight: 2 } } })
  }
  return { etcd, target, startRegistered }
}

test('list shows registered servers with their attributes, and every command takes the target as an address', async () => {
  const { target, startRegistered } = await startEtcd()
  const { host } = await startRegistered('west')
  const list = () => runProgram(['registry', 'list', target, '--json'])
  await expect.poll(async () => (await list()).code).toBe(0)
  expect(JSON.parse((await list()).stdout)).toEqual({ addresses: [host], attributes: { weight: 2, zone: 'west' } })
  const { stdout: table } = await runProgram(['registry', 'list', target])
  expect(table).toMatch(/^ADDRESS +WEIGHT +ZONE\n\S+ +2 +west\n$/)
  const call = ['call', target, 'greeter.v1.GreeterService/SayHello', '-d', '{"name":"you"}', '--plaintext']
  expect(await runProgram(call)).toMatchObject({ code: 0, stdout: '{"message":"Hello you"}\n' })
  expect(await runProgram(['health', target, '--plaintext'])).toMatchObject({ code: 0, stdout: 'SERVING\n' })
  expect((await runProgram(['hello', 'World', '-a', target, '--plaintext'])).stdout).toBe('Hello World\n')
  expect((await runProgram(['channel', target, '--plaintext', '--lb', 'round_robin'])).stdout).toContain(
    `${host} READY`,
  )
})

test('list fails for a service without servers, and for a registry that is away', async () => {
  const { etcd, target } = await startEtcd()
  const none = await runProgram(['registry', 'list', target])
  expect(none).toMatchObject({ code: EXIT_UNAVAILABLE, stdout: '' })
  expect(none.stderr).toBe('error: unavailable (14): greeter in etcd has no instances\n')
  await etcd.stop()
  const away = await runProgram(['registry', 'list', target])
  expect(away).toMatchObject({ code: EXIT_UNAVAILABLE, stdout: '' })
  expect(away.stderr).toContain('error: unavailable (14): greeter in etcd: ')
})

test('watch shows servers that join and leave, and an etcd that is away and comes back', async () => {
  const { etcd, target, startRegistered } = await startEtcd()
  const a = await startRegistered('west')
  const child = spawnProgram(['registry', 'watch', target])
  const seen = outputLines(child.stdout, (line) => line.replace(/^\S+ /, '').replace(/(error +unavailable): .*/, '$1'))
  await seen.until(`added   ${a.host} weight=2 zone=west`)
  const b = await startRegistered('east')
  await seen.until(`added   ${b.host} weight=2 zone=east`)
  await a.drain()
  await seen.until(`removed ${a.host} weight=2 zone=west`)
  await etcd.stop('SIGKILL')
  await seen.until('error   unavailable')
  await etcd.start()
  const c = await startRegistered('north')
  await seen.until(`added   ${c.host} weight=2 zone=north`)
  expect(seen.lines.filter((line) => !line.startsWith('error'))).toEqual([
    `added   ${a.host} weight=2 zone=west`,
    `added   ${b.host} weight=2 zone=east`,
    `removed ${a.host} weight=2 zone=west`,
    `added   ${c.host} weight=2 zone=north`,
  ])
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})
