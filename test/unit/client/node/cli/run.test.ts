import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { porticoCommands, programCommands } from '../../../../../client/node/cli/commands/program-commands.ts'
import { greeterCommands } from '../../../../../client/node/cli/greeter/greeter-commands.ts'
import { run } from '../../../../../client/node/cli/run.ts'
import { runInProcess } from '../../../../support/run-in-process.ts'

const commands = programCommands(greeterCommands)

test.each([[], ['--help'], ['-h'], ['help']])(
  'the help lists each command, on standard output: %j',
  async (...argv) => {
    const { code, stdout, stderr } = await runInProcess(argv)
    expect([code, stderr]).toEqual([0, ''])
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^  ${name} .*${escaped(summary)}$`, 'm'))
  },
)

test.each(commands.map((command) => [command.name, command] as const))(
  '%s --help names each flag',
  async (name, command) => {
    const { code, stdout, stderr } = await runInProcess([name, '--help', '--no-such-flag'])
    expect([code, stderr]).toEqual([0, ''])
    for (const flag of Object.keys(command.flags)) expect(stdout).toContain(`--${flag}`)
  },
)

test('help COMMAND is COMMAND --help', async () => {
  expect(await runInProcess(['help', 'call'])).toEqual(await runInProcess(['call', '--help']))
})

test('portico has the commands that work with any server', () => {
  const names = porticoCommands.map(({ name }) => name)
  const expected = [
    'call',
    'list',
    'describe',
    'openapi',
    'health',
    'admin',
    'channel',
    'registry',
    'completion',
    'help',
    'version',
  ]
  expect(names).toEqual(expected)
})

test.each(['portico', 'npx portico', 'node client'])(
  'help and hints use the name that the program was called by: %s',
  async (programName) => {
    const called = (...argv: string[]) => runInProcess(argv, { programName })
    expect((await called('--help')).stdout).toContain(`Usage: ${programName} COMMAND [FLAGS]\n`)
    expect((await called('call', '--help')).stdout).toContain(`Usage: ${programName} call [ADDRESS] METHOD [FLAGS]\n`)
    expect((await called('nothing')).stderr).toContain(`hint: ${programName} --help\n`)
    expect((await called('list')).stderr).toContain(`hint: ${programName} list --help\n`)
  },
)

test.each(['--version', 'version'])('%s matches the package', async (argument) => {
  expect(await runInProcess([argument])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
  })
})

test.each<[readonly string[], string]>([
  [['helo'], 'error: unknown command "helo"; did you mean hello?\nhint: portico --help\n'],
  [['help', 'helo'], 'error: unknown command "helo"; did you mean hello?\nhint: portico help --help\n'],
  [['hello'], 'error: NAME is missing\nhint: portico hello --help\n'],
  [['hello', 'a', 'b'], 'error: unexpected argument "b"\nhint: portico hello --help\n'],
  [
    ['get', 't', '--after', '-1'],
    'error: --after needs a value, but -1 looks like a flag: write --after=-1 to pass it\nhint: portico get --help\n',
  ],
  [
    ['get', 't', '--after=-1'],
    'error: --after "-1" must be a whole number from 0 to 18446744073709551615\nhint: portico get --help\n',
  ],
  [
    ['get', 't', '--limit', '4294967296'],
    'error: --limit "4294967296" must be a whole number from 0 to 4294967295\nhint: portico get --help\n',
  ],
  [
    ['call', 'http://127.0.0.1:1', 'noslash'],
    'error: "noslash" is not a method: write package.Service/Method\nhint: portico call --help\n',
  ],
  [
    ['call', 'http://a', 'a.B/C', '--proto', 'a', '--descriptors', 'b'],
    'error: --proto and --descriptors cannot be used together\nhint: portico call --help\n',
  ],
  [['call', 'http://a', 'a.B/C', '-I', 'a'], 'error: --import-path needs --proto\nhint: portico call --help\n'],
])('rejects %j', async (argv, stderr) => {
  expect(await runInProcess(argv)).toEqual({ code: 2, stdout: '', stderr })
})

test('a run interrupted before its call is cancelled', async () => {
  expect(await runInProcess(['hello', 'World'], { signal: AbortSignal.abort() })).toEqual({
    code: 65,
    stdout: '',
    stderr: 'error: canceled (1): interrupted\n',
  })
})

test('a closed output is not a failure', async () => {
  const closed = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }))
    },
  }).on('error', () => {})
  const stderr = new Output()
  const io = {
    programName: 'portico',
    stdin: new PassThrough(),
    stdout: closed,
    stderr,
    env: {},
    signal: new AbortController().signal,
  }
  expect(await run(commands, ['--version'], io)).toBe(0)
  expect(stderr.text).toBe('')
})

class Output extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

function escaped(text: string): string {
  return text.replace(/[()[\]]/g, '\\$&')
}
