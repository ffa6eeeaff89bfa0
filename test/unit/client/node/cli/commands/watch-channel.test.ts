import { once } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { inspectChannel } from '../../../../../../client/node/channelz/inspect-channel.ts'
import { watchChannel } from '../../../../../../client/node/cli/commands/watch-channel.ts'
import { FakeConnector } from '../../../../../support/fake-connector.ts'
import { ManualClock } from '../../../../../support/manual-clock.ts'
import { createTestChannel } from '../../../../../support/test-channel.ts'

/** Watches a channel over fake connections, on a terminal or not. */
function watch(isTTY: boolean) {
  const clock = new ManualClock()
  const connector = new FakeConnector()
  const channel = createTestChannel({ connector, address: { host: '192.0.2.1', port: 80 }, clock })
  const inspect = () =>
    inspectChannel(channel.record, { clock, serviceConfig: {}, queuedPicks: channel.queuedPicks, retryTokens: null })
  const interruption = new AbortController()
  const written: string[] = []
  const stdout = Object.assign(
    new Writable({
      write(chunk, _encoding, callback) {
        written.push(String(chunk))
        callback()
        stdout.emit('written')
      },
    }),
    { isTTY },
  )
  const io = {
    programName: 'portico',
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    env: {},
    signal: interruption.signal,
  }
  const watching = watchChannel({ channel, inspect }, { io, isJson: false })
  return {
    connector,
    written,
    async until(text: string) {
      while (!written.at(-1)?.includes(text)) await once(stdout, 'written')
    },
    async end() {
      interruption.abort()
      await watching
      channel.close()
    },
  }
}

test('on a terminal each change redraws the whole', async () => {
  const { connector, written, until, end } = watch(true)
  await until('192.0.2.1:80 CONNECTING')
  connector.last.fail('\u001b[31mrefused')
  await until('192.0.2.1:80 TRANSIENT_FAILURE since')
  expect(written.at(-1)).toContain('\u001b[H\u001b[2Jtarget: test:///channel\nstate: ')
  expect(written.at(-1)).toContain('\n  \\u001b[31mrefused\n')
  await end()
})

test('without one each change is a line', async () => {
  const { connector, written, until, end } = watch(false)
  await until('192.0.2.1:80 CONNECTING')
  connector.last.fail('\u001b[31mrefused')
  await until('channel TRANSIENT_FAILURE')
  expect(written.map((line) => line.replace(/^\S+Z /, ''))).toEqual([
    'channel CONNECTING\n',
    '192.0.2.1:80 CONNECTING\n',
    '192.0.2.1:80 TRANSIENT_FAILURE: \\u001b[31mrefused\n',
    'channel TRANSIENT_FAILURE\n',
  ])
  await end()
})
