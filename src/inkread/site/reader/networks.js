/** Opens the networks in ONNX Runtime. */

export const NAMES = ["detector", "closeup", "strip", "classifier", "rescoring"];

/**
 * Opens the networks one after the other.
 * @param {Object} ort the module of onnxruntime-web.
 * @param {(name: string) => Promise<Uint8Array>} load returns a network's file.
 * @returns {Promise<Object>} by name: functions (input, dims) -> Promise of {data, dims}.
 */
export async function openNetworks(ort, load) {
  const networks = {};
  for (const name of NAMES) {
    const session = await ort.InferenceSession.create(await load(name), { executionProviders: ["wasm"] });
    const [[input], [output]] = [session.inputNames, session.outputNames];
    networks[name] = async (values, dims) => {
      const answer = (await session.run({ [input]: new ort.Tensor("float32", values, dims) }))[output];
      return { data: answer.data, dims: answer.dims };
    };
  }
  return networks;
}
