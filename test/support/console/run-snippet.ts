/** Runs snippets of the console as a user does: pasted into a shell, or saved as a program beside generated code. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/** How a snippet ended. */
export interface SnippetEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder in which snippets run, and the programs that they find. */
export class SnippetGround {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#env = env
  }

  /**
   * Prepares a folder: `portico`, `buf` and the given programs are on the path, and `gen` has the generated code.
   *
   * @param folder an empty one, or one to create
   * @param programs paths of more programs
   */
  static async in(folder: string, programs: readonly string[] = []): Promise<SnippetGround> {
    const bin = path.join(folder, 'bin')
    await mkdir(bin, { recursive: true })
    await mkdir(path.join(folder, 'gen'))
    await script(path.join(bin, 'portico'), `exec '${process.execPath}' '${ROOT}/client/index.js' "$@"`)
    await script(path.join(bin, 'buf'), `exec '${process.execPath}' '${ROOT}/node_modules/@bufbuild/buf/bin/buf' "$@"`)
    for (const program of programs) await symlink(program, path.join(bin, path.basename(program)))
    for (const gen of [path.join(ROOT, 'gen'), path.join(ROOT, 'test/gen')]) {
      for (const name of await readdir(gen))
        await symlink(path.join(gen, name), path.join(folder, 'gen', name)).catch(() => {})
    }
    await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}')
    await writeFile(path.join(folder, 'resolve.mjs'), RESOLVE)
    const env = { ...process.env, BUF_CACHE_DIR: path.join(folder, 'buf-cache'), PATH: `${bin}:${process.env.PATH}` }
    return new SnippetGround(folder, env)
  }

  /** Runs a text in a shell. */
  async shell(shell: string, snippet: string, env: NodeJS.ProcessEnv = {}): Promise<SnippetEnd> {
    return this.#run(shell, [], snippet, env)
  }

  /** Saves a program, and runs it in Node. */
  async program(snippet: string, env: NodeJS.ProcessEnv = {}): Promise<SnippetEnd> {
    await this.save('program.ts', snippet)
    return this.#run(process.execPath, ['--import', './resolve.mjs', 'program.ts'], '', env)
  }

  /** Checks the types of programs, and returns the complaints. */
  async types(programs: readonly string[]): Promise<string> {
    const files = programs.map((_, index) => `program${index}.ts`)
    for (const [index, program] of programs.entries()) await this.save(`program${index}.ts`, program)
    await this.save('tsconfig.json', JSON.stringify({ ...TSCONFIG, files }))
    const { stdout, stderr } = await this.#run(
      process.execPath,
      [path.join(ROOT, 'node_modules/.bin/tsc'), '-p', '.'],
      '',
      {},
    )
    return stdout + stderr
  }

  /** Writes a file into the folder. */
  async save(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(path.join(this.#folder, name), content)
  }

  async #run(program: string, args: readonly string[], input: string, env: NodeJS.ProcessEnv): Promise<SnippetEnd> {
    const child = spawn(program, args, { cwd: this.#folder, env: { ...this.#env, ...env } })
    child.stdin.end(input)
    const ended = once(child, 'close')
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [code] = await ended
    return { code, stdout, stderr }
  }
}

/** In a checkout there is no built package. */
const RESOLVE = `import { registerHooks } from 'node:module'
const client = new URL('file://${ROOT}/client/node/public.ts').href
registerHooks({
  resolve: (name, context, next) => (name === 'portico/client' ? { url: client, shortCircuit: true } : next(name, context)),
})
`

const TSCONFIG = {
  extends: `${ROOT}/tsconfig.json`,
  compilerOptions: { paths: { 'portico/client': [`${ROOT}/client/node/public.ts`] } },
  include: [],
  exclude: [],
}

async function script(file: string, command: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${command}\n`)
  await chmod(file, 0o755)
}
