/** The life of a server of several processes: real ones, real signals, real clients. */
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStream } from '../support/open-stream.ts'
import { isRunning } from '../support/processes.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { callOnce, callsOf, listenWithWorkers } from '../support/worker-processes.ts'

const messages = ({ lines }: ServerProcess, message: string) => lines.filter(({ msg }) => msg === message)

const isGone = (pid: number) => expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)

test('workers take connections in turn, and a signal to the group drains all of them once', async () => {
  const { server, origin, pids } = await listenWithWorkers(2)
  for (let n = 0; n < 4; n += 1) await callOnce(origin)
  await expect.poll(() => callsOf(server).sort()).toEqual([1, 1, 1, 2, 2, 2])
  expect(server.lines.filter(({ msg }) => String(msg).includes('listening at'))).toHaveLength(1)
  const calls = await Promise.all([openStream(origin), openStream(origin)])
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    for (const pid of pids().values()) process.kill(pid, signal)
  }
  server.kill('SIGHUP')
  await expect
    .poll(() =>
      messages(server, 'reloaded')
        .map(({ worker }) => worker)
        .sort(),
    )
    .toEqual([1, 2])
  server.kill('SIGTERM')
  await server.untilLine((line) => line.startsWith('draining'))
  for (const { finish } of calls) finish()
  expect(await Promise.all(calls.map(({ ended }) => ended))).toEqual(['0', '0'])
  expect(await server.exited).toBe(0)
  expect(messages(server, 'stopped')).toHaveLength(1)
  expect(server.stderr).toBe('')
})

/** Makes a request on a connection of its own. Resolves with whether it was answered, or closed without an answer. */
function answerOn(port: number): Promise<'answered' | 'closed'> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  return new Promise((resolve) => {
    socket.once('data', () => resolve('answered'))
    socket.once('close', () => resolve('closed'))
  })
}

test('a worker that is killed loses its calls only, and others take its place on the same port', async () => {
  const { server, port, origin, pids } = await listenWithWorkers(2)
  const [first, second] = await Promise.all([openStream(origin), openStream(origin)])
  await expect.poll(() => pids().size).toBe(2)
  // One of the next two connections is on its way to this worker when it ends.
  process.kill(pids().get(1) as number, 'SIGSTOP')
  const answers = [answerOn(port), answerOn(port)]
  expect(await Promise.race(answers)).toBe('answered')
  process.kill(pids().get(1) as number, 'SIGKILL')
  expect((await Promise.all(answers)).sort()).toEqual(['answered', 'closed'])
  expect(await first.ended).toBe('reset')
  second.finish()
  expect(await second.ended).toBe('0')
  await expect.poll(() => messages(server, 'a worker ended'), { timeout: 5_000 }).toMatchObject([{ workerId: 1 }])
  await server.untilLine((line) => line === 'a worker started')
  await callOnce(origin)
  await callOnce(origin)
  await expect.poll(() => pids().has(3)).toBe(true)
  // Also if none was left to keep the port open.
  for (const worker of [2, 3]) process.kill(pids().get(worker) as number, 'SIGKILL')
  await expect.poll(() => messages(server, 'a worker started').length, { timeout: 10_000 }).toBe(3)
  await callOnce(origin)
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
})

test('workers end at once with a primary that is killed, and at a second signal', async () => {
  const killed = async () => {
    const { server, pids } = await listenWithWorkers(2)
    server.kill('SIGKILL')
    await Promise.all([...pids().values()].map(isGone))
  }
  const signalledTwice = async () => {
    const { server, origin, pids } = await listenWithWorkers(2)
    const call = await openStream(origin)
    server.kill('SIGTERM')
    await server.untilLine((line) => line.startsWith('draining'))
    await delay(1_050)
    server.kill('SIGTERM')
    expect(await server.exited).toBe(143)
    await call.ended
    await Promise.all([...pids().values()].map(isGone))
  }
  await Promise.all([killed(), signalledTwice()])
})

test('calls that a drain cuts off in one worker make the exit code 1', async () => {
  const { server, origin } = await listenWithWorkers(2, ['--drain-timeout', '300ms'])
  const call = await openStream(origin)
  server.kill('SIGTERM')
  expect(await call.ended).not.toBe('0')
  expect(await server.exited).toBe(1)
})
