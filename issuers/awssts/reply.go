package awssts

import (
	"encoding/xml"
	"net/http"
)

// response is the answer of an action. The names of its elements depend on the action.
type response struct {
	XMLName   xml.Name
	Result    any
	RequestID string
}

// MarshalXML writes the elements in AWS's order. An action without a result has only the metadata.
func (r response) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	root := xml.StartElement{Name: xml.Name{Local: r.XMLName.Local + "Response"}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: r.XMLName.Space}}}
	if err := e.EncodeToken(root); err != nil {
		return err
	}
	if r.Result != nil {
		if err := e.EncodeElement(r.Result, xml.StartElement{Name: xml.Name{Local: r.XMLName.Local + "Result"}}); err != nil {
			return err
		}
	}
	metadata := struct{ RequestId string }{r.RequestID}
	if err := e.EncodeElement(metadata, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}}); err != nil {
		return err
	}
	return e.EncodeToken(root.End())
}

type errorResponse struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Space   string   `xml:"xmlns,attr"`
	Error   struct {
		Type, Code, Message string
	}
	RequestID string `xml:"RequestId"`
}

func success(aws *awsService, action string, result any, id string) any {
	return response{XMLName: xml.Name{Space: aws.namespace, Local: action}, Result: result, RequestID: id}
}

func failure(aws *awsService, code, message, id string) any {
	out := errorResponse{Space: aws.namespace, RequestID: id}
	out.Error.Type, out.Error.Code, out.Error.Message = "Sender", code, message
	return out
}

func write(w http.ResponseWriter, status int, value any) {
	out, err := xml.Marshal(value)
	if err != nil { // the values are strings and booleans
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(out) // a client that has gone reads nothing
}
