/** In place of the microphone: marks (tests/simulators/marks.py) at known moments, from the page's own audio clock. */
(() => {
  const SWEEP_S = 0.12, FROM_HZ = 500, TO_HZ = 2500, LOUDNESS = 0.5;
  const EVERY_S = Number("EVERY_S"), AHEAD_S = 0.3, LOOK_MS = 20;
  const native = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  /** By track, for a page may open it more than once: marks in seconds of the audio clock; [its time, wall clock]. */
  const tracks = new Map();

  /** What was said on the track that a call's connections send. */
  window.pageMicrophone = () => {
    const sent = window.mediaWatch.peers.flatMap((peer) => peer.getSenders().map((sender) => sender.track?.id));
    return tracks.get(sent.reverse().find((id) => tracks.has(id))) ?? { marks: [], clock: [] };
  };

  function sweep(context) {
    const buffer = context.createBuffer(1, Math.round(SWEEP_S * context.sampleRate), context.sampleRate);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) {
      const t = i / context.sampleRate;
      const turns = FROM_HZ * t + ((TO_HZ - FROM_HZ) / (2 * SWEEP_S)) * t * t;
      samples[i] = LOUDNESS * Math.sin(2 * Math.PI * turns) * Math.sin((Math.PI * t) / SWEEP_S) ** 2;
    }
    return buffer;
  }

  /** The rest of a room. Without it nothing at all would be sent between two marks, and their time would be lost. */
  function hiss(context) {
    const buffer = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) samples[i] = 0.0005 * (2 * Math.random() - 1);
    return new AudioBufferSourceNode(context, { buffer, loop: true });
  }

  if (native) navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (!wanted?.audio) return native(wanted);
    const context = new AudioContext({ sampleRate: 48000 });
    void context.resume();
    const buffer = sweep(context), out = context.createMediaStreamDestination();
    const said = { marks: [], clock: [] };
    tracks.set(out.stream.getAudioTracks()[0].id, said);
    const rest = hiss(context);
    rest.connect(out);
    rest.start();
    let next_s = 0;
    window.setInterval(() => {
      said.clock.push([context.currentTime, (performance.timeOrigin + performance.now()) / 1000]);
      if (context.state !== "running") return;
      next_s = Math.max(next_s, context.currentTime + 0.02);
      for (; next_s < context.currentTime + AHEAD_S; next_s += EVERY_S) {
        const source = new AudioBufferSourceNode(context, { buffer });
        source.connect(out);
        source.start(next_s);
        said.marks.push(next_s);
      }
    }, LOOK_MS);
    return out.stream;
  };
})();
