/** Watches a page's calls from outside: every RTCPeerConnection, every picture that is painted. Put in before the
 * page's own scripts; nothing of the page is asked. Moments are Date.now(). */
(() => {
  const LOUD = 0.01; // of full scale, root of the mean square: a voice, not a decoder's rest
  const WINDOW = 512; // samples that a level is of: 11 ms
  const LOOK_MS = 10, COUNT_MS = 1000;
  const COUNTED = ["framesDecoded", "freezeCount", "totalFreezesDuration", "totalAudioEnergy", "totalSamplesReceived",
    "concealedSamples", "silentConcealedSamples", "insertedSamplesForDeceleration", "removedSamplesForAcceleration",
    "packetsReceived", "packetsLost", "bytesReceived", "jitterBufferDelay", "jitterBufferEmittedCount", "pliCount",
    "keyFramesDecoded", "nackCount"];
  const Native = window.RTCPeerConnection;
  /** @type {RTCPeerConnection[]} */
  const peers = [];
  const watched = new WeakSet();
  const watch = { peers, marks: { heard: null, painted: null, live: null, said: null }, painted: [], heard: [] };
  window.mediaWatch = watch;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      peers.push(this);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && listen(track));
    }
  };

  function onFrame(video) {
    watch.marks.painted ??= Date.now();
    watch.painted.push(Date.now());
    video.requestVideoFrameCallback(() => onFrame(video));
  }

  function look() {
    for (const video of document.querySelectorAll("video")) {
      if (watched.has(video)) continue;
      watched.add(video);
      video.requestVideoFrameCallback(() => onFrame(video));
    }
    if (watch.marks.live === null) {
      const isLive = (strip) => strip.state === "live" && strip.plotted(0, 2 ** 40).length > 0;
      if ([...document.querySelectorAll("hd-sweep")].some(isLive)) watch.marks.live = Date.now();
    }
    const level = heardLevel();
    if (level !== null) watch.heard.push([Date.now(), level]);
    if (level > LOUD) watch.marks.heard ??= Date.now();
    window.setTimeout(look, LOOK_MS);
  }
  window.setTimeout(look, LOOK_MS);

  function open() {
    return peers.filter((peer) => peer.connectionState !== "closed");
  }

  /** @type {AudioContext | null} */
  let context = null;
  const taps = []; // behind the jitter buffer, where the loudspeaker is

  function listen(track) {
    context ??= new AudioContext();
    const tap = context.createAnalyser();
    tap.fftSize = WINDOW;
    context.createMediaStreamSource(new MediaStream([track])).connect(tap);
    taps.push({ track, tap });
  }

  /** The loudest of what is heard now; null while nothing is received, or the page may not sound. */
  function heardLevel() {
    if (context?.state === "suspended") void context.resume();
    if (context?.state !== "running") return null;
    let level = null;
    const samples = new Float32Array(WINDOW);
    for (const { track, tap } of taps) {
      if (track.readyState !== "live") continue;
      tap.getFloatTimeDomainData(samples);
      level = Math.max(level ?? 0, Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / WINDOW));
    }
    return level;
  }

  /** The last counts of each connection, those that are closed included: legs come and go, what they did stays. */
  const counted = new Map();

  async function count(peer) {
    if (peer.connectionState === "closed") return;
    const counts = { audio: {}, video: {}, said: { totalAudioEnergy: 0, packetsSent: 0 }, pairs: [] };
    const report = await peer.getStats();
    for (const one of report.values()) {
      if (one.type === "inbound-rtp") {
        for (const name of COUNTED) counts[one.kind][name] = (counts[one.kind][name] ?? 0) + (one[name] ?? 0);
      } else if (one.type === "media-source" && one.kind === "audio") {
        counts.said.totalAudioEnergy += one.totalAudioEnergy ?? 0;
      } else if (one.type === "outbound-rtp" && one.kind === "audio") {
        counts.said.packetsSent += one.packetsSent;
      } else if (one.type === "transport" && report.has(one.selectedCandidatePairId)) {
        const pair = report.get(one.selectedCandidatePairId);
        const local = report.get(pair.localCandidateId), remote = report.get(pair.remoteCandidateId);
        counts.pairs.push({ local: local?.candidateType, remote: remote?.candidateType, address: remote?.address,
          port: remote?.port, protocol: local?.protocol, roundTrip_ms: (pair.currentRoundTripTime ?? 0) * 1000 });
      }
    }
    counted.set(peer, counts);
  }
  window.setInterval(() => peers.forEach((peer) => void count(peer)), COUNT_MS);

  /** What all connections have counted together, by kind; the pairs are those in use now. */
  watch.counts = async () => {
    const sum = { audio: {}, video: {}, said: { totalAudioEnergy: 0, packetsSent: 0 }, pairs: [], connections: peers.length };
    await Promise.all(peers.map(count));
    for (const [peer, counts] of counted) {
      for (const kind of ["audio", "video", "said"]) {
        for (const [name, value] of Object.entries(counts[kind])) sum[kind][name] = (sum[kind][name] ?? 0) + value;
      }
      if (peer.connectionState !== "closed") sum.pairs.push(...counts.pairs);
    }
    return sum;
  };
})();
