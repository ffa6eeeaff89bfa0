/** One parser of untrusted input, and how to feed it. */

/** Throws only errors that the parser may throw, for any input. */
export interface FuzzTarget {
  readonly name: string
  /** Valid inputs, to be mutated. */
  readonly corpus: readonly Buffer[]
  /**
   * Gives an input to the reader and checks what comes of it.
   *
   * @returns how many steps the reader took: they must grow no faster than the input
   * @throws Error for a result, or an error, that the reader may not give
   */
  run(input: Buffer): number | Promise<number>
  /** The maximum steps per byte of input; 8 and a constant are free. */
  readonly stepsPerOctet: number
}

const FREE_STEPS = 64

/** Runs one input. @throws Error that names the target and shows the input */
export async function fuzzOnce(target: FuzzTarget, input: Buffer): Promise<void> {
  try {
    const steps = await target.run(input)
    const most = FREE_STEPS + target.stepsPerOctet * input.length
    if (steps > most) throw new Error(`${steps} steps for ${input.length} octets, at most ${most} are linear`)
  } catch (error) {
    throw new Error(`${target.name}: ${input.toString('base64')}`, { cause: error })
  }
}
