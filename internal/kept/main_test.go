package kept

import (
	"testing"

	"forkcheck/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }
