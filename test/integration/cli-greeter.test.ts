/** The greeter commands of the client program, as processes, against the server of this product. */
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { firstOutput, runProgram, spawnProgram, startProgram } from '../support/client-program.ts'
import { startDemo } from '../support/demo-server.ts'

/** Every way that a greeter command can take to the server. */
const WAYS: readonly (readonly string[])[] = [
  ['--protocol', 'grpc'],
  ['--protocol', 'grpc-web'],
  ['--protocol', 'grpc-web', '--http', '1'],
  ['--protocol', 'connect'],
  ['--protocol', 'connect', '--http', '1'],
]

test.each(WAYS.map((way) => [way.join(' '), way] as const))('hello, put and get over %s', async (_, way) => {
  const { origin } = await startDemo()
  const to = ['--address', origin, ...way]
  expect(await runProgram(['hello', 'World', ...to])).toEqual({ code: 0, stdout: 'Hello World\n', stderr: '' })
  expect(await runProgram(['put', 'weather', ...to], 'sun\nrain\n')).toEqual({
    code: 0,
    stdout: '2 accepted, the last has sequence 2\n',
    stderr: '',
  })
  expect(await runProgram(['get', 'weather', '--after', '0', '--limit', '2', ...to])).toEqual({
    code: 0,
    stdout: 'sun\nrain\n',
    stderr: '',
  })
})

test('all prints what it publishes, and ends with its input', async () => {
  const { origin } = await startDemo()
  const end = await runProgram(['all', 'room', '-a', origin], 'one\ntwo\n')
  expect(end).toEqual({ code: 0, stdout: 'one\ntwo\n', stderr: '' })
})

test('all is interactive: a typed line is echoed back while the input stays open', async () => {
  const { origin } = await startDemo()
  const chat = startProgram(['all', 'room', '-a', origin])
  chat.child.stdin.write('first\n')
  expect(await firstOutput(chat.child)).toBe('first\n')
  chat.child.stdin.end('second\n')
  expect(await chat.end).toMatchObject({ code: 0, stderr: '' })
})

test('--json prints one message per line', async () => {
  const { origin } = await startDemo()
  await runProgram(['put', 'weather', '-a', origin], 'sun\nrain\n')
  const { stdout } = await runProgram(['get', 'weather', '--after', '1', '--limit', '1', '--json', '-a', origin])
  expect(JSON.parse(stdout)).toMatchObject({ topic: 'weather', sequence: '2', data: 'rain' })
})

test('reads the address from the environment', async () => {
  const { origin } = await startDemo()
  const { end } = startProgram(['hello', 'World'], { PORTICO_ADDRESS: origin })
  expect(await end).toMatchObject({ code: 0, stdout: 'Hello World\n' })
})

test('escapes control characters in text of other clients', async () => {
  const { origin } = await startDemo()
  await runProgram(['put', 'trap', '-a', origin], '\u001b[2Jgone\n')
  const { stdout } = await runProgram(['get', 'trap', '--after', '0', '--limit', '1', '-a', origin])
  expect(stdout).toBe('\\u001b[2Jgone\n')
})

test('exits silently when its output is closed', async () => {
  const { origin } = await startDemo()
  await runProgram(['put', 'weather', '-a', origin], 'sun\n')
  const reader = spawnProgram(['get', 'weather', '--after', '0', '-a', origin])
  const ended = Promise.all([once(reader, 'exit'), text(reader.stderr)])
  await firstOutput(reader)
  reader.stdout.destroy()
  await once(reader.stdout, 'close')
  await runProgram(['put', 'weather', '-a', origin], 'rain\n')
  const [[code], stderr] = await ended
  expect([code, stderr]).toEqual([0, ''])
})
