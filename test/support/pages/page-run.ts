/** Runs the blocks of one page, in order, in their own directory. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { accepts } from '../ports.ts'
import { matchesOutput } from './match-output.ts'
import { type Block, type PageCommand, readCommands } from './read-page.ts'
import { replaceTexts } from './replace-texts.ts'

const COMMAND_TIMEOUT_MS = 300_000
const START_TIMEOUT_MS = 180_000
const END_TIMEOUT_MS = 10_000

/** The environment of a page's programs and commands. */
export interface Ground {
  /** An empty folder, for the files of the page. */
  readonly folder: string
  /** Replacements for texts of the page, such as addresses. */
  readonly replaced: Readonly<Record<string, string>>
  /** The same, in program files only. */
  readonly modules: Readonly<Record<string, string>>
  readonly env: NodeJS.ProcessEnv
  /** Commands that run elsewhere. Default: none. */
  readonly leaves?: (command: string) => boolean
}

/** What a part of a page did, and what the page says. Equal if the test passes. */
export interface Comparison {
  /** The preceding heading, and the command. */
  readonly name: string
  readonly actual: string
  readonly expected: string
}

/** A server that a page started. */
interface StartedServer {
  readonly child: ChildProcess
  readonly closed: Promise<unknown>
}

/** A page being run. Disposing of it stops what it started. */
export class PageRun implements AsyncDisposable {
  readonly #ground: Ground
  /** By their ports on the page. */
  readonly #servers = new Map<string, StartedServer>()
  #folder: string
  #count = 0

  constructor(ground: Ground) {
    this.#ground = ground
    this.#folder = ground.folder
  }

  /** Runs a block, and returns a comparable result; none for a block that only writes a file. */
  async run(block: Block): Promise<Comparison[]> {
    switch (block.kind) {
      case 'left':
        return []
      case 'file':
        await this.#write(block.name, block.body)
        return []
      case 'program':
        return [await this.#runProgram(block)]
      case 'commands': {
        const comparisons: Comparison[] = []
        for (const command of readCommands(block.language, block.body)) {
          if (this.#ground.leaves?.(command.line) === true) continue
          const { shown, line } = command
          if (block.serverPort !== undefined) await this.#serve(line, block.serverPort)
          else comparisons.push(await this.#runCommand(block.title, { line, shown }))
        }
        return comparisons
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#servers.keys(), (port) => this.#stop(port)))
  }

  async #stop(port: string): Promise<void> {
    const server = this.#servers.get(port)
    if (server === undefined) return
    this.#servers.delete(port)
    signalGroup(server.child, 'SIGTERM')
    const timeout = setTimeout(() => signalGroup(server.child, 'SIGKILL'), END_TIMEOUT_MS)
    await server.closed
    clearTimeout(timeout)
  }

  async #write(name: string, body: string): Promise<void> {
    const file = path.join(this.#folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    const { replaced, modules } = this.#ground
    await writeFile(file, replaceTexts(body, /\.[jt]sx?$/.test(name) ? { ...modules, ...replaced } : replaced))
  }

  async #runProgram({ title, name, body, printed }: Block & { kind: 'program' }): Promise<Comparison> {
    this.#count++
    const file = name === '' ? `program-${this.#count}.ts` : name
    await this.#write(file, body)
    const { output, code, errors } = await this.#spawn(`exec node ${file}`)
    const actual = code === 0 ? this.#withPageTexts(output) : `ended with ${code}\n${output}${errors}`
    return { name: title, actual, expected: printed }
  }

  /** A command without shown output must succeed. */
  async #runCommand(title: string, { line, shown }: PageCommand): Promise<Comparison> {
    const cwdFile = path.join(this.#ground.folder, '.cwd')
    const script = `exec 2>&1\n${replaceTexts(line, this.#ground.replaced)}\ncode=$?; pwd > ${cwdFile}; exit $code`
    const { output, code } = await this.#spawn(script)
    this.#folder = (await readFile(cwdFile, 'utf8').catch(() => this.#folder)).trim()
    await rm(cwdFile, { force: true })
    const name = `${title}: ${line}`
    const actual = this.#withPageTexts(output)
    if (shown === '') return { name, actual: code === 0 ? '' : `ended with ${code}\n${actual}`, expected: '' }
    return { name, actual: matchesOutput(actual, shown) ? shown : actual, expected: shown }
  }

  async #spawn(script: string): Promise<{ output: string; errors: string; code: number | null }> {
    const child = this.#start(script)
    const timeout = setTimeout(() => signalGroup(child, 'SIGKILL'), COMMAND_TIMEOUT_MS)
    const closed = once(child, 'close')
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed])
    clearTimeout(timeout)
    return { output, errors, code: code as number | null }
  }

  /** Starts a server in place of the previous one on its port, and waits until the port accepts connections. */
  async #serve(line: string, pagePort: string): Promise<void> {
    await this.#stop(pagePort)
    const port = Number(replaceTexts(pagePort, this.#ground.replaced))
    const child = this.#start(replaceTexts(line, this.#ground.replaced))
    const output = Promise.all([text(child.stdout), text(child.stderr)])
    this.#servers.set(pagePort, { child, closed: once(child, 'close') })
    for (const start = performance.now(); !(await accepts(port)); await sleep(50)) {
      if (child.exitCode === null && performance.now() - start < START_TIMEOUT_MS) continue
      await this.#stop(pagePort)
      throw new Error(`${line} does not listen on port ${pagePort}: ${(await output).join('')}`)
    }
  }

  /** Its own process group, so that child processes of the shell end with it. */
  #start(script: string): ChildProcessByStdio<null, Readable, Readable> {
    const { env } = this.#ground
    return spawn('bash', ['-c', script], { cwd: this.#folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  }

  #withPageTexts(output: string): string {
    const { replaced, modules } = this.#ground
    const shown = Object.entries({ ...replaced, ...modules }).map(([text, actual]) => [actual, text] as const)
    return replaceTexts(output, Object.fromEntries(shown))
  }
}

/** Also signals programs that a shell started. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // All of them ended.
  }
}
