/** One reader of what strangers send, and how to feed it. */

/** Never throws what the reader may not throw, whatever the input. */
export interface FuzzTarget {
  readonly name: string
  /** Right inputs, to be mutated. */
  readonly corpus: readonly Buffer[]
  /**
   * Gives an input to the reader and checks what comes of it.
   *
   * @returns how many steps the reader took: they must grow no faster than the input
   * @throws Error for a result, or an error, that the reader may not give
   */
  run(input: Buffer): number | Promise<number>
  /** The most steps for an octet of input; 8 and some are free. */
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
