/** Finds out how `portico` was called, so that help and hints show commands that work where they are read. */
import path from 'node:path'

/** How a program was started; `process` is one. */
export interface Invocation {
  /** The file of the program comes second. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  cwd(): string
}

/** npm's commands that put the folder of installed programs on the PATH of what they run, and only there. */
const NPM_COMMANDS: ReadonlySet<string | undefined> = new Set(['exec', 'run', 'run-script', 'test', 'start'])

/**
 * Returns `npx portico` under npm, `portico` if that is on the PATH, else the path of the program. Windows starts programs by
 * wrappers, which hide the name that was called: there it is `portico`.
 */
export function nameOfProgram({ argv: [, file = ''], env, platform, cwd }: Invocation): string {
  if (NPM_COMMANDS.has(env.npm_command)) return 'npx portico'
  const folders = (env.PATH ?? '').split(path.delimiter)
  if (platform === 'win32' || file === '' || folders.includes(path.dirname(file))) return 'portico'
  const relative = path.relative(cwd(), file)
  const isBelow = !relative.startsWith('..')
  if (/\.[jt]s$/.test(file)) return `node ${isBelow ? relative : file}`
  return isBelow ? `./${relative}` : file
}
