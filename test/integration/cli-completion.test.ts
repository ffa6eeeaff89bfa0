/** The scripts of `portico completion`, in the shells that this machine has. bash is one of them. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { porticoCommands } from '../../client/node/cli/commands/program-commands.ts'
import { runCommand } from '../support/command.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SHELLS = ['bash', 'zsh', 'fish'].filter(isInstalled)

const COMMANDS = porticoCommands.map(({ name }) => name)
const FLAGS = Object.keys(porticoCommands.find(({ name }) => name === 'call')?.flags ?? {}).map((name) => `--${name}`)

/** A command line, whose last word is to be completed, and its completions. */
const CASES: readonly (readonly [words: readonly string[], candidates: readonly string[]])[] = [
  [['c'], ['call', 'channel', 'completion']],
  [['li'], ['list']],
  [['help', 'des'], ['describe']],
  [
    ['help', 'c'],
    ['call', 'channel', 'completion'],
  ],
  [['help', 'v'], ['version']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [
    ['call', '--protocol', ''],
    ['connect', 'grpc', 'grpc-web'],
  ],
  [['list', 'http://localhost:8080', '--protocol', 'grpc-'], ['grpc-web']],
  [
    ['call', '--http', ''],
    ['1', '2'],
  ],
  [['channel', '--lb', 'pick'], ['pick_first']],
  [
    ['registry', ''],
    ['list', 'watch'],
  ],
  [['registry', 'w'], ['watch']],
  [['registry', 'watch', '--r'], ['--refresh']],
  [
    ['call', '--retry', ''],
    ['0', '1', '2', '3', '4'],
  ],
  [
    ['call', '--pro'],
    ['--proto', '--protocol'],
  ],
  [['call', '--'], FLAGS],
  [['version', '--'], ['--help']],
  [['call', '--timeout', ''], []],
  [['call', '-H', ''], []],
]

describe('bash', () => {
  test('completes command names', async () => {
    expect(await completeInBash([''])).toEqual([...COMMANDS, '--help', '--version'].sort())
  })

  test.each(CASES)('completes %j to %j', async (words, candidates) => {
    expect(await completeInBash(words)).toEqual([...candidates].sort())
  })

  test('completes a value after "=", which bash splits into a separate word', async () => {
    expect(await completeInBash(['call', '--protocol', '='])).toEqual(['connect', 'grpc', 'grpc-web'])
    expect(await completeInBash(['call', '--protocol', '=', 'c'])).toEqual(['connect'])
  })
})

describe.each(SHELLS)('the script for %s', (shell) => {
  test('has valid syntax', async () => {
    await runCommand({ program: shell, args: ['-n', await scriptFile(shell)] })
  })
})

describe.each(SHELLS.filter((shell) => shell === 'fish'))('%s', () => {
  test.each(CASES)('completes %j to %j', async (words, candidates) => {
    expect(await completeInFish(words)).toEqual([...candidates].sort())
  })
})

test('bash completes paths for flags that take a file', async () => {
  const file = await temporaryFile('schema.proto', '')
  // Outside of a completion there is no compopt, as in bash 3.2.
  expect(await completeInBash(['call', '--proto', file.slice(0, -3)])).toEqual([file])
})

test.each([['tcsh'], ['']])('rejects an unknown shell: %j', async (shell) => {
  expect(await runInProcess(['completion', shell])).toEqual({
    code: 2,
    stdout: '',
    stderr: `error: unknown shell "${shell}"; must be one of bash, zsh, fish\nhint: portico completion --help\n`,
  })
})

async function scriptFile(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(['completion', shell])
  expect([code, stderr]).toEqual([0, ''])
  return await temporaryFile(`portico.${shell}`, stdout)
}

/** Calls the function that the script registers, as readline does. */
async function completeInBash(words: readonly string[]): Promise<string[]> {
  const program = `source "$1" && shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    function=$(complete -p portico | sed -E 's/.*-F ([^ ]+).*/\\1/')
    $function portico "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const args = ['--norc', '-c', program, 'bash', await scriptFile('bash'), 'portico', ...words]
  return linesOf(await runCommand({ program: 'bash', args }))
}

/** Asks fish, which prints a candidate and its description per line. */
async function completeInFish(words: readonly string[]): Promise<string[]> {
  const program = `source ${await scriptFile('fish')}; complete -C '${['portico', ...words].join(' ')}'`
  const home = await temporaryFolder()
  const output = await runCommand({ program: 'fish', args: ['-N', '-c', program], env: { ...process.env, HOME: home } })
  return linesOf(output).map((line) => line.split('\t')[0] ?? '')
}

function linesOf(output: string): string[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)))
}
