package secugen

import (
	"bytes"
	"testing"
)

func TestRecordedFramesAreJudgedRight(t *testing.T) {
	r := loadRecording(t)
	empty, laid := r.frames[1], r.frames[2]
	g := new(glass)
	g.learn(empty)
	if v := g.look(empty); g.judge(empty, v) != nothing || v.ridges != 0 {
		t.Errorf("the empty glass: %+v", v)
	}
	v := g.look(laid)
	t.Logf("finger: %+v, roughness %d, darkest tenth %d; empty glass: roughness %d", v, roughness(laid), darkest(laid), roughness(empty))
	if g.judge(laid, v) != finger || v.rise != 45 {
		t.Errorf("the finger: %+v; want a rise of 45", v)
	}
	for i, frame := range r.frames {
		if filled(frame) != (i > 0) {
			t.Errorf("frame %d ends in black video: %v", i, i == 0)
		}
		if roughness(frame) > maxRoughness/4 {
			t.Errorf("frame %d is near to noise: %d", i, roughness(frame))
		}
	}
	g.learn(laid) // it lay there at start-up
	if v := g.look(laid); g.judge(laid, v) != finger {
		t.Errorf("a finger at start-up: %+v", v)
	}
	if v := g.look(empty); g.judge(empty, v) != nothing || !g.bare || !bytes.Equal(g.background[:lookWidth], empty[lookTop*width+lookLeft:][:lookWidth]) {
		t.Error("the empty glass after it was not learnt")
	}
}

// scene draws even glass of a grey, with stripes over it if there are ridges.
func scene(grey, ridges byte) []byte {
	frame := make([]byte, frameLen)
	for i := range frame {
		frame[i] = grey
		if i%width/halfRidge%2 == 0 {
			frame[i] += ridges
		}
	}
	return frame
}

func TestWhatLiesOnTheGlassIsFollowedFromLookToLook(t *testing.T) {
	empty, light, touch, touched := scene(18, 0), scene(60, 0), scene(18, 30), scene(18, 120)
	tests := []struct {
		name  string
		lying bool
		looks [][]byte
		want  []verdict
	}{
		{"a finger", false, [][]byte{empty, touched}, []verdict{nothing, finger}},
		{"a finger that was captured must be lifted first", true, [][]byte{touched, touched, empty, touched}, []verdict{nothing, nothing, nothing, finger}},
		{"a faint rest of it counts as lifted", true, [][]byte{touched, touch, touched}, []verdict{nothing, nothing, finger}},
		{"light is learnt, and a finger in it is found", false, [][]byte{light, light, scene(60, 120)}, []verdict{nothing, nothing, finger}},
		{"when light goes a finger is found in the second look", false, [][]byte{scene(150, 0), touched, touched}, []verdict{nothing, nothing, finger}},
		{"a finger may turn from faint to firm", false, [][]byte{empty, touch, touch, touched}, []verdict{nothing, nothing, nothing, finger}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := new(glass)
			g.learn(empty)
			g.lying = tt.lying
			for i, frame := range tt.looks {
				if got := g.judge(frame, g.look(frame)); got != tt.want[i] {
					t.Errorf("look %d: verdict %d; want %d", i, got, tt.want[i])
				}
			}
		})
	}
}

func TestATraceOfGreaseIsNoFaintFinger(t *testing.T) {
	g := new(glass)
	g.learn(scene(18, 0))
	touched := scene(18, 120)
	g.judge(touched, g.look(touched))
	grease := scene(18, 30)
	for range 5 * faintLooks { // it is what the finger left
		if got := g.judge(grease, g.look(grease)); got != nothing {
			t.Fatalf("verdict %d", got)
		}
	}
}
